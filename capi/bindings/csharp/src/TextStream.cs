using System;
using System.Collections.Generic;
using System.Linq;

namespace LibPhi
{
    /// <summary>Tokens, one at a time, to text that can be shown at once: whole characters, and
    /// nothing that may become a stop string. One thread at a time.</summary>
    public sealed class TextStream : IDisposable
    {
        private readonly OneAtATime turns = new OneAtATime(nameof(TextStream));
        private readonly StreamHandle handle;

        /// <summary>A stream for tokens of <paramref name="tokenizer"/>, which may be disposed
        /// before it.</summary>
        /// <param name="tokenizer">whose ids are pushed</param>
        /// <param name="stops">texts that end the stream and are not shown; null = none</param>
        /// <param name="specials">do control tokens become part of the text?</param>
        public unsafe TextStream(
            Tokenizer tokenizer, IEnumerable<string> stops = null,
            ShowSpecials specials = ShowSpecials.No)
        {
            if (tokenizer == null) throw new ArgumentNullException(nameof(tokenizer));
            using (var pins = new Pins())
            {
                IntPtr[] texts = (stops ?? Enumerable.Empty<string>())
                    .Select(stop => pins.Pin(Utf8.TerminatedBytes(stop, nameof(stops))))
                    .ToArray();
                var raw = new Native.StreamOptions
                {
                    StructSize = (uint)sizeof(Native.StreamOptions),
                    KeepSpecials = (uint)specials,
                    Stops = pins.Pin(texts),
                    StopCount = (UIntPtr)texts.Length,
                };
                int status = Native.phi_stream_create(
                    tokenizer.Handle, ref raw, out var stream, out var error);
                PhiException.Check(status, ref error);
                handle = new StreamHandle(stream, tokenizer.Handle);
            }
        }

        /// <summary>A stop string is complete; further pushes give no text, until a
        /// Flush.</summary>
        public bool IsStopped { get; private set; }

        /// <summary>Takes one token and gives the text that can be shown now, often
        /// none.</summary>
        public unsafe string Push(int token)
        {
            using (turns.Enter())
            {
                int status = PhiException.Check(
                    Native.phi_stream_push(handle, token, out var bytes, out var count, out var error),
                    ref error);
                IsStopped = status == Native.End;
                return Utf8.Text(bytes, (int)count);
            }
        }

        /// <summary>What is still held back at the end of a reply, incomplete characters as U+FFFD;
        /// nothing after a stop string. Then the stream is as new.</summary>
        public unsafe string Flush()
        {
            using (turns.Enter())
            {
                int status = Native.phi_stream_flush(handle, out var bytes, out var count, out var error);
                PhiException.Check(status, ref error);
                IsStopped = false;
                return Utf8.Text(bytes, (int)count);
            }
        }

        /// <summary>Frees the stream.</summary>
        public void Dispose()
        {
            handle.Dispose();
        }
    }
}
