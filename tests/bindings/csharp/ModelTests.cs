using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using LibPhi;

/// <summary>Opening, from files and from memory; what is told; errors; functions that are called
/// back.</summary>
internal static class ModelTests
{
    public static void AModelTellsWhatItIs()
    {
        using (Model model = Model.Open(TestRun.Folder))
        {
            ModelInfo info = model.Info;
            Check.Equal("phi3", info.Architecture);
            Check.That(info.Name != null);
            Check.Equal(new[] { 3, 64, 4, 2, 16, 512 }, new[]
            {
                info.Layers, info.Hidden, info.Heads, info.KvHeads, info.HeadDim, info.Context,
            });
            Check.Equal(TestRun.VocabSize, info.VocabSize);
            Check.Equal(257856L, info.Parameters);
            Check.That(info.WeightBytes > info.Parameters);
        }
    }

    public static void OptionsReachTheLibrary()
    {
        foreach (Weights weights in new[] { Weights.F32, Weights.BF16, Weights.Int8, Weights.Int4 })
        {
            var options = new ModelOptions
            {
                Weights = weights, Threads = 1, Isa = Isa.Base, Repack = Repack.Never,
                MemoryLimitBytes = 1 << 30,
            };
            using (Model model = Model.Open(TestRun.Folder, options))
            {
                Check.Equal(weights, model.Info.Weights);
                var sessionOptions = new SessionOptions
                {
                    Kv = Kv.Int8, Precision = Precision.Fast, Threads = 1, Context = 16,
                };
                using (var session = new Session(model, sessionOptions))
                {
                    session.Append(new[] { 1, 2, 3 });
                    Check.Equal(TestRun.VocabSize, session.Logits().Length);
                }
            }
        }
    }

    public static void ErrorsHaveACodeAndNameWhatIsWrong()
    {
        PhiException error = Check.Fails(
            ErrorCode.NotFound, () => Model.Open("no/such/model.gguf"));
        Check.That(error.Message.Contains("no/such/model.gguf"), error.Message);
        Check.Fails(ErrorCode.BadFormat, () => Model.Open(TestRun.Golden("bad/all_zero.gguf")));
        Check.Fails(ErrorCode.BadFormat, () => Model.Open(new byte[100]));
        error = Check.Fails(ErrorCode.OutOfRange,
            () => Model.Open(TestRun.Gguf, new ModelOptions { Threads = -1 }));
        Check.That(error.Message.Contains("threads"), error.Message);
        Check.Fails(ErrorCode.OverBudget,
            () => Model.Open(TestRun.Gguf, new ModelOptions { MemoryLimitBytes = 9 }));
        Check.Throws<ArgumentOutOfRangeException>(
            () => Model.Open(TestRun.Gguf, new ModelOptions { MemoryLimitBytes = -9 }));
        Check.Throws<PhiException>(() => Model.Open(new byte[0]));
    }

    public static void PathsThatTheLibraryCannotTakeAreErrors()
    {
        Check.Equal("path",
            Check.Throws<ArgumentException>(() => Model.Open("model\0.gguf")).ParamName);
        Check.Throws<ArgumentNullException>(() => Model.Open((string)null));
        Check.Throws<ArgumentNullException>(() => Model.Open((byte[])null));
        Check.Throws<ArgumentException>(() => Model.Convert(TestRun.Gguf, "a\0b"));
        Check.Throws<PhiException>(() => Model.Open(""));
    }

    public static void PathsAreUnicode()
    {
        using (var copy = new TemporaryFile("модель 模型 🦀.gguf"))
        {
            File.Copy(TestRun.Gguf, copy.Path);
            using (Model model = Model.Open(copy.Path)) Check.Equal(2, model.Info.Layers);
        }
    }

    public static void MemoryStaysUntilTheLastObjectIsGone()
    {
        Model model = Model.Open(File.ReadAllBytes(TestRun.Gguf));
        var session = new Session(model);
        var stream = new TextStream(model.Tokenizer);
        int[] ids = model.Tokenizer.Encode("Hello world");
        model.Dispose();
        model.Dispose();
        GC.Collect();
        var garbage = new List<byte[]>();
        for (int i = 0; i < 100; ++i) garbage.Add(new byte[100000]);
        session.Append(ids);
        int token = session.Next().Token;
        session.Dispose();
        stream.Push(token);
        stream.Dispose();
        Check.That(garbage.Count == 100);
    }

    public static void BytesAreUnpinnedInTheEnd()
    {
        Model model = Model.Open(File.ReadAllBytes(TestRun.Gguf));
        object handle = Field(model, "Handle");
        var session = new Session(model, new SessionOptions { Context = 16 });
        model.Dispose();
        Check.That(((GCHandle)Field(handle, "bytes")).IsAllocated, "a session needs them");
        session.Append(new[] { 1 });
        session.Dispose();
        Check.That(!((GCHandle)Field(handle, "bytes")).IsAllocated, "they are still pinned");
    }

    private static object Field(object owner, string name)
    {
        const BindingFlags Internal = BindingFlags.Instance | BindingFlags.NonPublic;
        PropertyInfo property = owner.GetType().GetProperty(name, Internal);
        return property != null
            ? property.GetValue(owner, null)
            : owner.GetType().GetField(name, Internal).GetValue(owner);
    }

    public static void ObjectsThatAreForgottenAreCollected()
    {
        for (int i = 0; i < 30; ++i)
        {
            Model model = Model.Open(TestRun.Folder);
            var session = new Session(model, new SessionOptions { Context = 16 });
            session.Append(new[] { 1, 2 });
            Check.Equal("", new TextStream(model.Tokenizer).Flush());
        }
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    public static void AnEstimateAddsUp()
    {
        MemoryEstimate small = Estimate(64), large = Estimate(512);
        Check.Equal(small.Weights + small.Cache + small.Scratch, small.Total);
        Check.Equal(small.Weights, large.Weights);
        Check.Equal(8 * small.Cache, large.Cache);
        Check.That(small.PeakWhileLoading > 0);
        Check.That(Model.Estimate(TestRun.Folder).Total >= large.Total);
        Check.Fails(ErrorCode.OutOfRange, () => Estimate(513));
    }

    private static MemoryEstimate Estimate(int context)
    {
        return Model.Estimate(
            TestRun.Folder, new ModelOptions(), new SessionOptions { Context = context });
    }

    public static void ConvertWritesAPackedFile()
    {
        using (var packed = new TemporaryFile("packed.phi"))
        {
            Model.Convert(
                TestRun.Folder, packed.Path, new ModelOptions { Weights = Weights.Int8 });
            using (Model model = Model.Open(packed.Path))
            {
                Check.Equal(3, model.Info.Layers);
                Check.That(model.Info.WeightBytes < 2 * model.Info.Parameters);
            }
        }
    }

    public static void ProgressAndLogAreTold()
    {
        var seen = new List<double>();
        var lines = new List<string>();
        var options = new ModelOptions
        {
            Progress = done =>
            {
                seen.Add(done);
                return true;
            },
            Log = (level, line) => lines.Add(level + " " + line),
        };
        Model.Open(TestRun.Folder, options).Dispose();
        Check.That(seen.Count > 0 && seen.All(done => done >= 0 && done <= 1));
        Check.That(seen.SequenceEqual(seen.OrderBy(done => done)));
        Check.That(lines.Count > 0 && lines.All(line => !line.Contains("\n")));
    }

    public static void ProgressCancels()
    {
        var options = new ModelOptions { Progress = done => false };
        Check.Fails(ErrorCode.Cancelled, () => Model.Open(TestRun.Folder, options));
        using (var packed = new TemporaryFile("cancelled.phi"))
        {
            Check.Fails(ErrorCode.Cancelled,
                () => Model.Convert(TestRun.Folder, packed.Path, options));
            Check.That(!File.Exists(packed.Path));
        }
    }

    public static void ExceptionsOfFunctionsComeOutOfTheCall()
    {
        var options = new ModelOptions
        {
            Progress = done => { throw new FormatException("in progress"); },
        };
        Check.Equal("in progress", Check.Throws<FormatException>(
            () => Model.Open(TestRun.Folder, options)).Message);
        options = new ModelOptions
        {
            Log = (level, line) => { throw new FormatException("in log"); },
        };
        Check.Equal("in log", Check.Throws<FormatException>(
            () => Model.Open(File.ReadAllBytes(TestRun.Gguf), options)).Message);
    }

    public static void OpenAsyncOpensAndIsCancelled()
    {
        using (Model model = Model.OpenAsync(TestRun.Folder).Result)
        {
            Check.Equal(3, model.Info.Layers);
        }
        using (var source = new CancellationTokenSource())
        {
            var options = new ModelOptions
            {
                Progress = done =>
                {
                    source.Cancel(); // while it is being opened
                    return true;
                },
            };
            Task<Model> task = Model.OpenAsync(TestRun.Folder, options, source.Token);
            Check.Throws<AggregateException>(() => task.Wait());
            Check.That(task.IsCanceled, task.Status.ToString());
        }
    }

    public static void ADisposedModelSaysSo()
    {
        Model model = Model.Open(TestRun.Folder);
        Tokenizer tokenizer = model.Tokenizer;
        model.Dispose();
        Check.Equal(3, model.Info.Layers);
        Check.Throws<ObjectDisposedException>(() => new Session(model));
        Check.Throws<ObjectDisposedException>(() => tokenizer.Encode("Hi"));
        Check.Throws<ObjectDisposedException>(() => new TextStream(tokenizer));
    }
}
