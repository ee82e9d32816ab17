using System;
using System.Threading;

namespace LibPhi
{
    /// <summary>Refuses a second call while one is running, which the library forbids.</summary>
    internal sealed class OneAtATime
    {
        private readonly string owner;
        private int isBusy;

        internal OneAtATime(string owner)
        {
            this.owner = owner;
        }

        /// <summary>One call: from here until the result is disposed.</summary>
        internal Turn Enter()
        {
            if (Interlocked.CompareExchange(ref isBusy, 1, 0) != 0)
            {
                throw new InvalidOperationException(
                    owner + ": a call is running; one thread at a time may use it");
            }
            return new Turn(this);
        }

        internal struct Turn : IDisposable
        {
            private readonly OneAtATime turns;

            internal Turn(OneAtATime turns)
            {
                this.turns = turns;
            }

            public void Dispose()
            {
                Volatile.Write(ref turns.isBusy, 0);
            }
        }
    }
}
