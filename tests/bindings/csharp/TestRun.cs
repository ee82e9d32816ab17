using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;
using LibPhi;

/// <summary>Runs every method of the classes named ...Tests, each one a test that fails by an
/// exception. Arguments: the folder of the golden models, the program print_layout.</summary>
internal static class TestRun
{
    internal const int VocabSize = 1003;
    internal const int ImEnd = 998;

    internal static string LayoutProgram { get; private set; }

    internal static string GoldenFolder { get; private set; }

    internal static string Folder => Golden("c1_phi4");

    internal static string Gguf => Golden("gguf/g1_phi4/g1_phi4-Q8_0.gguf");

    internal static Message[] Chat => new[] { Message.User("Who may use it?") };

    internal static string Golden(string name) => Path.Combine(GoldenFolder, name);

    private static int Main(string[] arguments)
    {
        GoldenFolder = arguments[0];
        LayoutProgram = arguments[1];
        int passed = 0, failed = 0;
        foreach (MethodInfo test in Tests())
        {
            try
            {
                using (Watch(test)) test.Invoke(null, null);
                ++passed;
            }
            catch (TargetInvocationException exception)
            {
                ++failed;
                Console.WriteLine(
                    test.DeclaringType.Name + "." + test.Name + ": " + exception.InnerException);
            }
        }
        Console.WriteLine(passed + " tests passed, " + failed + " failed");
        return failed == 0 && passed > 30 ? 0 : 1;
    }

    /// Ends the program with the name of a test that hangs. Seconds in which the whole program was
    /// stopped do not count.
    private static IDisposable Watch(MethodInfo test)
    {
        int seconds = 0;
        return new Timer(_ =>
        {
            if (Interlocked.Increment(ref seconds) < 60) return;
            Console.WriteLine(test.DeclaringType.Name + "." + test.Name + ": hangs");
            Environment.Exit(2);
        }, null, 1000, 1000);
    }

    private static IEnumerable<MethodInfo> Tests()
    {
        return typeof(TestRun).Assembly.GetTypes()
            .Where(type => type.Name.EndsWith("Tests", StringComparison.Ordinal))
            .SelectMany(type => type.GetMethods(
                BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly));
    }
}

/// <summary>Checks that throw.</summary>
internal static class Check
{
    internal static void That(bool condition, string what = "")
    {
        if (!condition) throw new Exception("check failed: " + what);
    }

    internal static void Equal<T>(T expected, T actual)
    {
        if (expected is IEnumerable && !(expected is string))
        {
            That(((IEnumerable)expected).Cast<object>().SequenceEqual(
                ((IEnumerable)actual).Cast<object>()), "sequences differ");
        }
        else if (!Equals(expected, actual))
        {
            throw new Exception("expected " + expected + ", got " + actual);
        }
    }

    internal static TException Throws<TException>(Action body) where TException : Exception
    {
        try
        {
            body();
        }
        catch (TException exception)
        {
            return exception;
        }
        throw new Exception("no " + typeof(TException).Name);
    }

    internal static PhiException Fails(ErrorCode code, Action body)
    {
        PhiException exception = Throws<PhiException>(body);
        Equal(code, exception.Code);
        That(exception.Message.Length > 0, "a message");
        return exception;
    }
}

/// <summary>A file of this test run that is removed at the end.</summary>
internal sealed class TemporaryFile : IDisposable
{
    internal TemporaryFile(string name)
    {
        Path = System.IO.Path.Combine(
            System.IO.Path.GetTempPath(), "phi-csharp-" + Guid.NewGuid() + "-" + name);
    }

    internal string Path { get; }

    public void Dispose()
    {
        File.Delete(Path);
    }
}
