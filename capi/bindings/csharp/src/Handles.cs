using System;
using System.Runtime.InteropServices;

namespace LibPhi
{
    /// <summary>A pointer of the library, freed once: when it is disposed, no call uses it any more
    /// and no other handle needs it.</summary>
    internal abstract class Handle : SafeHandle
    {
        private readonly SafeHandle needs;

        // `needs` is not freed before this one; may be null.
        protected Handle(IntPtr value, SafeHandle needs) : base(IntPtr.Zero, true)
        {
            if (needs != null)
            {
                bool added = false;
                needs.DangerousAddRef(ref added);
                this.needs = needs;
            }
            SetHandle(value);
        }

        public override bool IsInvalid => handle == IntPtr.Zero;

        protected abstract void Free(IntPtr value);

        protected sealed override bool ReleaseHandle()
        {
            Free(handle);
            needs?.DangerousRelease();
            return true;
        }
    }

    internal sealed class ModelHandle : Handle
    {
        private GCHandle bytes;

        // `bytes`: memory that the model was opened from, or not allocated.
        internal ModelHandle(IntPtr value, GCHandle bytes) : base(value, null)
        {
            this.bytes = bytes;
        }

        protected override void Free(IntPtr value)
        {
            Native.phi_model_free(value);
            if (bytes.IsAllocated) bytes.Free();
        }
    }

    internal sealed class TokenizerHandle : Handle
    {
        private readonly bool isBorrowed;

        internal TokenizerHandle(IntPtr value) : base(value, null)
        {
        }

        /// <summary>The tokenizer that a model lends.</summary>
        internal TokenizerHandle(IntPtr value, ModelHandle lender) : base(value, lender)
        {
            isBorrowed = true;
        }

        protected override void Free(IntPtr value)
        {
            if (!isBorrowed) Native.phi_tokenizer_free(value);
        }
    }

    /// <summary>The library keeps a session's model; the handle keeps the memory that it may be
    /// in.</summary>
    internal sealed class SessionHandle : Handle
    {
        internal SessionHandle(IntPtr value, ModelHandle model) : base(value, model)
        {
        }

        protected override void Free(IntPtr value)
        {
            Native.phi_session_free(value);
        }
    }

    internal sealed class StreamHandle : Handle
    {
        internal StreamHandle(IntPtr value, TokenizerHandle tokenizer) : base(value, tokenizer)
        {
        }

        protected override void Free(IntPtr value)
        {
            Native.phi_stream_free(value);
        }
    }
}
