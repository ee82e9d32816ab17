using System;
using System.Text;

namespace LibPhi
{
    /// <summary>Strings to the library's text and back. Half a surrogate pair becomes
    /// U+FFFD.</summary>
    internal static unsafe class Utf8
    {
        /// <summary>Without NUL at its end.</summary>
        internal static byte[] Bytes(string text)
        {
            return Encoding.UTF8.GetBytes(text);
        }

        /// <summary>With NUL at its end; one inside is refused, since the text would end
        /// there.</summary>
        internal static byte[] TerminatedBytes(string text, string name)
        {
            if (text == null) throw new ArgumentNullException(name);
            if (text.IndexOf('\0') >= 0)
                throw new ArgumentException("contains a NUL character", name);
            return Encoding.UTF8.GetBytes(text + "\0");
        }

        internal static string Text(byte* bytes, int count)
        {
            return count == 0 ? "" : Encoding.UTF8.GetString(bytes, count);
        }

        internal static string Text(byte[] bytes)
        {
            return Encoding.UTF8.GetString(bytes);
        }

        /// <summary>Text up to its NUL.</summary>
        internal static string Terminated(byte* bytes)
        {
            int count = 0;
            while (bytes[count] != 0) ++count;
            return Text(bytes, count);
        }
    }
}
