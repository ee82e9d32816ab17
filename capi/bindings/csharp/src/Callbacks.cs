using System;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace LibPhi
{
    /// <summary>Functions that the library calls. An exception in one cancels the call and waits
    /// until it is back. To be kept as long as calls may come.</summary>
    internal sealed class Callbacks
    {
        private readonly Func<double, bool> progress;
        private readonly Action<LogLevel, string> log;
        private readonly Native.KeepGoing keepGoingDelegate;
        private readonly Native.Log logDelegate;
        private ExceptionDispatchInfo thrown;

        /// <summary>Both may be null.</summary>
        internal Callbacks(Func<double, bool> progress, Action<LogLevel, string> log)
        {
            this.progress = progress;
            this.log = log;
            if (progress != null) keepGoingDelegate = OnProgress;
            if (log != null) logDelegate = OnLog;
        }

        internal IntPtr KeepGoing => Pointer(keepGoingDelegate);

        internal IntPtr Log => Pointer(logDelegate);

        /// <summary>To be called when a call of the library has returned.</summary>
        internal void Rethrow()
        {
            ExceptionDispatchInfo exception = thrown;
            thrown = null;
            exception?.Throw();
        }

        private static IntPtr Pointer(Delegate function)
        {
            return function == null ? IntPtr.Zero : Marshal.GetFunctionPointerForDelegate(function);
        }

        private int OnProgress(IntPtr user, double done)
        {
            if (thrown != null) return 0;
            try
            {
                return progress(done) ? 1 : 0;
            }
            catch (Exception exception)
            {
                thrown = ExceptionDispatchInfo.Capture(exception);
                return 0;
            }
        }

        private unsafe void OnLog(IntPtr user, int level, IntPtr message)
        {
            if (thrown != null) return;
            try
            {
                log((LogLevel)level, Utf8.Terminated((byte*)message));
            }
            catch (Exception exception)
            {
                thrown = ExceptionDispatchInfo.Capture(exception);
            }
        }
    }
}
