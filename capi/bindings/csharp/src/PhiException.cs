using System;

namespace LibPhi
{
    /// <summary>What went wrong, for programs. The numbers are those of phi.h.</summary>
    public enum ErrorCode
    {
        /// <summary>A value that makes no sense; the message names it.</summary>
        InvalidArgument = -10,

        /// <summary>A token, position or size beyond what there is.</summary>
        OutOfRange = -11,

        /// <summary>A buffer has too little room.</summary>
        BufferTooSmall = -12,

        /// <summary>No such file.</summary>
        NotFound = -20,

        /// <summary>A file could not be read or written.</summary>
        IO = -21,

        /// <summary>A file is damaged or is something else.</summary>
        BadFormat = -22,

        /// <summary>Well-formed, but beyond what this version can do.</summary>
        Unsupported = -23,

        /// <summary>The system gives no more memory or threads.</summary>
        OutOfMemory = -30,

        /// <summary>The model's memory limit would be exceeded.</summary>
        OverBudget = -31,

        /// <summary>The session has no room for so many tokens.</summary>
        ContextFull = -40,

        /// <summary>Session.Cancel was called, or a progress function returned false. A cancelled
        /// CancellationToken is an OperationCanceledException instead.</summary>
        Cancelled = -41,

        /// <summary>A mistake in the library: please report it.</summary>
        Internal = -90,
    }

    /// <summary>A failed call. The message is one line, lower case, and names the file, tensor,
    /// field or value at fault.</summary>
    public sealed class PhiException : Exception
    {
        /// <summary>An exception with a code of the library's.</summary>
        public PhiException(ErrorCode code, string message) : base(message)
        {
            Code = code;
        }

        /// <summary>For programs.</summary>
        public ErrorCode Code { get; }

        /// <summary>The status of a call, if it is not an error.</summary>
        internal static int Check(int status, ref Native.Error error)
        {
            if (status < 0) throw new PhiException((ErrorCode)status, MessageOf(ref error));
            return status;
        }

        private static unsafe string MessageOf(ref Native.Error error)
        {
            fixed (byte* message = error.Message)
            {
                return Utf8.Terminated(message);
            }
        }
    }
}
