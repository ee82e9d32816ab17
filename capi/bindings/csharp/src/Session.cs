using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace LibPhi
{
    /// <summary>One conversation: tokens, their cache of keys and values, a sampler. One thread at
    /// a time uses it, which is checked; only Cancel may be called from any.</summary>
    public sealed partial class Session : IDisposable
    {
        private readonly OneAtATime turns = new OneAtATime(nameof(Session));
        private readonly Callbacks callbacks;
        private readonly SessionHandle handle;
        private readonly Tokenizer tokenizer;
        private readonly int vocabSize;

        /// <summary>Reserves all memory that the conversation will need. Any number of sessions
        /// share a model, which may be disposed before them.</summary>
        public Session(Model model, SessionOptions options = null)
        {
            if (model == null) throw new ArgumentNullException(nameof(model));
            options = options ?? new SessionOptions();
            callbacks = new Callbacks(options.Progress, null);
            using (var pins = new Pins())
            {
                Native.SessionOptions raw = options.Raw(pins);
                raw.KeepGoing = callbacks.KeepGoing;
                int status = Native.phi_session_create(
                    model.Handle, ref raw, out var session, out var error);
                PhiException.Check(status, ref error);
                handle = new SessionHandle(session, model.Handle);
            }
            tokenizer = Tokenizer.Of(model.Handle);
            vocabSize = model.Info.VocabSize;
        }

        /// <summary>Number of tokens held.</summary>
        public int Position
        {
            get
            {
                using (turns.Enter())
                {
                    return (int)Native.phi_session_position(handle);
                }
            }
        }

        /// <summary>The tokens held.</summary>
        public int[] Tokens
        {
            get
            {
                using (turns.Enter())
                {
                    return Tokenizer.Fill<int>((int)Native.phi_session_position(handle),
                        (int[] ids, UIntPtr capacity, out UIntPtr count, out Native.Error error) =>
                            Native.phi_session_tokens(handle, ids, capacity, out count, out error));
                }
            }
        }

        /// <summary>Keeps tokens and cache; the generator starts again from the seed.</summary>
        public void SetSampling(Sampling sampling)
        {
            if (sampling == null) throw new ArgumentNullException(nameof(sampling));
            using (turns.Enter())
            using (var pins = new Pins())
            {
                Native.Sampling raw = sampling.Raw(pins);
                Check(Native.phi_session_set_sampling(handle, ref raw, out var error), ref error);
            }
        }

        /// <summary>Appends and evaluates ids before it returns. The result does not depend on how
        /// a prompt is split into calls. After an exception the session holds what it
        /// held.</summary>
        /// <exception cref="OperationCanceledException">the token was cancelled</exception>
        public unsafe void Append(
            int[] ids, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (ids == null) throw new ArgumentNullException(nameof(ids));
            using (new CancelOnToken(this, cancellationToken))
            {
                fixed (int* data = ids)
                {
                    AppendRaw(data, ids.Length, cancellationToken);
                }
            }
        }

        /// <summary>The same, and the logits after each of the ids.</summary>
        /// <param name="ids">to append</param>
        /// <param name="logits">[ids.Length, VocabSize], row by row; unspecified after an
        /// exception</param>
        public unsafe void AppendLogits(int[] ids, float[] logits)
        {
            if (ids == null) throw new ArgumentNullException(nameof(ids));
            if (logits == null) throw new ArgumentNullException(nameof(logits));
            CheckRows(ids.Length, logits.Length);
            fixed (int* data = ids)
            fixed (float* rows = logits)
            {
                AppendLogitsRaw(data, ids.Length, rows);
            }
        }

        /// <summary>The whole conversation, each turn: keeps the tokens that are the same as
        /// before, drops the others, and appends the rest with the header that asks for an
        /// answer.</summary>
        /// <exception cref="OperationCanceledException">the token was cancelled</exception>
        public void AppendChat(
            IEnumerable<Message> messages,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            using (new CancelOnToken(this, cancellationToken))
            {
                AppendChatNow(messages, cancellationToken);
            }
        }

        /// <summary>Chooses the next token and appends it. End: it is an end token; calling on is
        /// allowed.</summary>
        public (int Token, bool End) Next()
        {
            return Next(CancellationToken.None);
        }

        /// <summary>A copy of the logits after the last position, as the model gives them (no bias,
        /// no penalties): [VocabSize].</summary>
        public float[] Logits()
        {
            var logits = new float[vocabSize];
            ReadLogits(logits);
            return logits;
        }

        /// <summary>The same into an array of yours, [VocabSize].</summary>
        public unsafe void ReadLogits(float[] logits)
        {
            if (logits == null) throw new ArgumentNullException(nameof(logits));
            CheckRows(1, logits.Length);
            using (turns.Enter())
            {
                Check(Native.phi_session_logits(handle, out var data, out _, out var error),
                    ref error);
                Marshal.Copy((IntPtr)data, logits, 0, logits.Length);
            }
        }

        /// <summary>Drops the tokens from <paramref name="position"/> on. Penalties follow the
        /// tokens, the generator runs on.</summary>
        public void Rewind(int position)
        {
            if (position < 0) throw new ArgumentOutOfRangeException(nameof(position));
            using (turns.Enter())
            {
                Check(Native.phi_session_rewind(handle, (uint)position, out var error), ref error);
            }
        }

        /// <summary>From any thread: one append, reply or Next throws a PhiException with
        /// ErrorCode.Cancelled, the one that is running (within milliseconds) or else the next one
        /// called. The session then holds what it held before, and is ready for more. Does nothing
        /// when the session is disposed.</summary>
        public void Cancel()
        {
            try
            {
                Native.phi_session_cancel(handle);
            }
            catch (ObjectDisposedException)
            {
                // A stop button may well come last.
            }
        }

        /// <summary>Frees the session, when a call that is running has returned.</summary>
        public void Dispose()
        {
            handle.Dispose();
            tokenizer.Dispose();
        }

#if NETCOREAPP3_0_OR_GREATER
        /// <summary>Append for ids in any memory.</summary>
        public unsafe void Append(
            ReadOnlySpan<int> ids, CancellationToken cancellationToken = default)
        {
            using (new CancelOnToken(this, cancellationToken))
            {
                fixed (int* data = ids)
                {
                    AppendRaw(data, ids.Length, cancellationToken);
                }
            }
        }

        /// <summary>AppendLogits for any memory.</summary>
        public unsafe void AppendLogits(ReadOnlySpan<int> ids, Span<float> logits)
        {
            CheckRows(ids.Length, logits.Length);
            fixed (int* data = ids)
            fixed (float* rows = logits)
            {
                AppendLogitsRaw(data, ids.Length, rows);
            }
        }

        /// <summary>ReadLogits for any memory.</summary>
        public unsafe void ReadLogits(Span<float> logits)
        {
            CheckRows(1, logits.Length);
            using (turns.Enter())
            {
                Check(Native.phi_session_logits(handle, out var data, out _, out var error),
                    ref error);
                new ReadOnlySpan<float>(data, logits.Length).CopyTo(logits);
            }
        }
#endif

        private unsafe void AppendRaw(int* ids, int count, CancellationToken cancellationToken)
        {
            using (turns.Enter())
            {
                int status = Native.phi_session_append(handle, ids, (UIntPtr)count, out var error);
                Check(status, ref error, cancellationToken);
            }
        }

        private (int Token, bool End) Next(CancellationToken cancellationToken)
        {
            using (turns.Enter())
            {
                int status = Native.phi_session_next(handle, out int token, out var error);
                status = Check(status, ref error, cancellationToken);
                return (token, status == Native.End);
            }
        }

        private unsafe void AppendLogitsRaw(int* ids, int count, float* logits)
        {
            using (turns.Enter())
            {
                int status = Native.phi_session_append_logits(
                    handle, ids, (UIntPtr)count, logits, out var error);
                Check(status, ref error);
            }
        }

        private void AppendChatNow(
            IEnumerable<Message> messages, CancellationToken cancellationToken)
        {
            using (turns.Enter())
            using (var pins = new Pins())
            {
                Native.Message[] raw = Message.Raw(messages, pins);
                int status = Native.phi_session_append_chat(
                    handle, raw, (UIntPtr)raw.Length, out var error);
                Check(status, ref error, cancellationToken);
            }
        }

        private void CheckRows(int rows, int values)
        {
            if ((long)rows * vocabSize != values)
            {
                throw new ArgumentException(
                    values + " values, expected " + rows + " rows of " + vocabSize, "logits");
            }
        }

        private int Check(
            int status, ref Native.Error error,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            callbacks.Rethrow();
            if (status == (int)ErrorCode.Cancelled)
                cancellationToken.ThrowIfCancellationRequested();
            return PhiException.Check(status, ref error);
        }

        /// <summary>Cancels the session with a token. A cancel that came too late for the calls
        /// meant is taken back, so that it does not hit the next one.</summary>
        private sealed class CancelOnToken : IDisposable
        {
            private readonly Session session;
            private readonly CancellationTokenRegistration registration;
            private bool isCancelled;

            internal CancelOnToken(Session session, CancellationToken token)
            {
                this.session = session;
                token.ThrowIfCancellationRequested();
                registration = token.Register(OnCancel);
            }

            public void Dispose()
            {
                registration.Dispose(); // waits for an OnCancel that is running
                if (Volatile.Read(ref isCancelled)) session.UseCancelUp();
            }

            private void OnCancel()
            {
                Volatile.Write(ref isCancelled, true);
                session.Cancel();
            }
        }

        /// <summary>Appending nothing reports a cancel that waits, and changes nothing.</summary>
        private unsafe void UseCancelUp()
        {
            try
            {
                using (turns.Enter())
                {
                    Native.phi_session_append(handle, null, UIntPtr.Zero, out _);
                }
            }
            catch (ObjectDisposedException)
            {
                // Then no next call comes.
            }
        }
    }
}
