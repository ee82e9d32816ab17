using System;
using System.Threading;
using System.Threading.Tasks;

namespace LibPhi
{
    /// <summary>Work that keeps a processor busy for long gets a thread of its own: on a thread of
    /// the pool it would hold up timers and everything else that waits there.</summary>
    internal static class Background
    {
        internal static Task<T> Run<T>(Func<T> work, CancellationToken cancellationToken)
        {
            return Task.Factory.StartNew(
                work, cancellationToken,
                TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
                TaskScheduler.Default);
        }
    }
}
