using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace LibPhi
{
    /// <summary>Arrays that stay where they are during a call.</summary>
    internal sealed class Pins : IDisposable
    {
        private readonly List<GCHandle> handles = new List<GCHandle>();

        /// <summary>The address of the first element; zero for an empty array.</summary>
        internal IntPtr Pin(Array array)
        {
            if (array.Length == 0) return IntPtr.Zero;
            GCHandle handle = GCHandle.Alloc(array, GCHandleType.Pinned);
            handles.Add(handle);
            return handle.AddrOfPinnedObject();
        }

        public void Dispose()
        {
            foreach (GCHandle handle in handles) handle.Free();
            handles.Clear();
        }
    }
}
