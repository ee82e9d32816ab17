using System;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace LibPhi
{
    /// <summary>Weights, configuration and tokenizer; immutable. Any number of threads may use it
    /// at once. Sessions and streams made from it go on when it is disposed.</summary>
    public sealed class Model : IDisposable
    {
        private Model(ModelHandle handle)
        {
            Handle = handle;
            Tokenizer = Tokenizer.Of(handle);
            Info = new ModelInfo(handle);
        }

        /// <summary>What is known of the model.</summary>
        public ModelInfo Info { get; }

        /// <summary>The model's tokenizer, disposed with it.</summary>
        public Tokenizer Tokenizer { get; }

        internal ModelHandle Handle { get; }

        /// <summary>Opens a Hugging Face directory, a .gguf file (any part of a split one), or a
        /// packed file. Files must not change while the model lives: weights are mapped.</summary>
        /// <exception cref="PhiException">the file is not there, damaged, not supported, over the
        /// limit, or the load was cancelled</exception>
        public static Model Open(string path, ModelOptions options = null)
        {
            return Open(path, options, CancellationToken.None);
        }

        /// <summary>The same for a GGUF or packed file that is in memory already. The bytes are
        /// pinned, and must not change, until the last object made from the model is
        /// gone.</summary>
        public static Model Open(byte[] bytes, ModelOptions options = null)
        {
            if (bytes == null) throw new ArgumentNullException(nameof(bytes));
            GCHandle pinned = GCHandle.Alloc(bytes, GCHandleType.Pinned);
            IntPtr data = pinned.AddrOfPinnedObject();
            return Open(
                (ref Native.ModelOptions raw, out IntPtr model, out Native.Error error) =>
                    Native.phi_model_open_memory(
                        data, (UIntPtr)bytes.Length, ref raw, out model, out error),
                pinned, options, CancellationToken.None);
        }

        /// <summary>Opens a model on a thread of its own.</summary>
        /// <exception cref="OperationCanceledException">the token was cancelled</exception>
        public static Task<Model> OpenAsync(
            string path, ModelOptions options = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return Background.Run(
                () => Open(path, options, cancellationToken), cancellationToken);
        }

        /// <summary>Writes what Open takes as one packed file: self-contained, and it opens
        /// fastest. With ModelOptions.Weights the weights are converted once and for all.</summary>
        public static void Convert(string from, string toPacked, ModelOptions options = null)
        {
            byte[] source = Utf8.TerminatedBytes(from, nameof(from));
            byte[] target = Utf8.TerminatedBytes(toPacked, nameof(toPacked));
            WithOptions(options, CancellationToken.None, (ref Native.ModelOptions raw) =>
            {
                int status = Native.phi_model_convert(source, target, ref raw, out var error);
                PhiException.Check(status, ref error);
            });
        }

        /// <summary>How much memory the model and one session would take, from the headers of the
        /// file alone. Limits are not applied, functions not called.</summary>
        public static unsafe MemoryEstimate Estimate(
            string path, ModelOptions options = null, SessionOptions session = null)
        {
            byte[] terminated = Utf8.TerminatedBytes(path, nameof(path));
            using (var pins = new Pins())
            {
                Native.ModelOptions rawModel = (options ?? new ModelOptions()).Raw();
                Native.SessionOptions rawSession = (session ?? new SessionOptions()).Raw(pins);
                var memory = new Native.Memory { StructSize = (uint)sizeof(Native.Memory) };
                int status = Native.phi_model_estimate(
                    terminated, ref rawModel, ref rawSession, ref memory, out var error);
                PhiException.Check(status, ref error);
                return new MemoryEstimate(memory);
            }
        }

        /// <summary>Lets go of the weights as soon as no session or stream needs them.</summary>
        public void Dispose()
        {
            Tokenizer.Dispose();
            Handle.Dispose();
        }

        private delegate int OpenCall(
            ref Native.ModelOptions options, out IntPtr model, out Native.Error error);

        private static Model Open(
            string path, ModelOptions options, CancellationToken cancellationToken)
        {
            byte[] terminated = Utf8.TerminatedBytes(path, nameof(path));
            return Open(
                (ref Native.ModelOptions raw, out IntPtr model, out Native.Error error) =>
                    Native.phi_model_open(terminated, ref raw, out model, out error),
                default(GCHandle), options, cancellationToken);
        }

        /// <summary>The model takes <paramref name="bytes"/> over; without a model they are
        /// unpinned.</summary>
        private static Model Open(
            OpenCall call, GCHandle bytes, ModelOptions options,
            CancellationToken cancellationToken)
        {
            ModelHandle handle = null;
            try
            {
                WithOptions(options, cancellationToken, (ref Native.ModelOptions raw) =>
                {
                    int status = call(ref raw, out var model, out var error);
                    PhiException.Check(status, ref error);
                    handle = new ModelHandle(model, bytes);
                });
                return new Model(handle);
            }
            catch
            {
                if (handle != null) handle.Dispose();
                else if (bytes.IsAllocated) bytes.Free();
                throw;
            }
        }

        private delegate void Call(ref Native.ModelOptions options);

        /// <summary>Runs a call with the options and their functions, whose exceptions come before
        /// the call's own.</summary>
        private static void WithOptions(
            ModelOptions options, CancellationToken cancellationToken, Call call)
        {
            options = options ?? new ModelOptions();
            Func<double, bool> progress = options.Progress;
            if (cancellationToken.CanBeCanceled)
            {
                progress = done => (options.Progress == null || options.Progress(done)) &&
                    !cancellationToken.IsCancellationRequested;
            }
            var callbacks = new Callbacks(progress, options.Log);
            Native.ModelOptions raw = options.Raw();
            raw.KeepGoing = callbacks.KeepGoing;
            raw.Log = callbacks.Log;
            try
            {
                call(ref raw);
            }
            catch (PhiException exception)
            {
                callbacks.Rethrow();
                if (exception.Code == ErrorCode.Cancelled)
                    cancellationToken.ThrowIfCancellationRequested();
                throw;
            }
            callbacks.Rethrow();
        }
    }
}
