using System;
using System.Runtime.InteropServices;

namespace LibPhi
{
    /// <summary>phi.h as it is. Structs are those of ABI version 1; a newer library takes them too,
    /// because struct_size tells it how much they hold.</summary>
    internal static unsafe class Native
    {
        private const string Library = "phi";

        internal const int Ok = 0;
        internal const int End = 1;
        internal const int ErrorBufferTooSmall = -12;

#if NETCOREAPP3_0_OR_GREATER
        static Native()
        {
            NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, Resolve);
        }

        /// The soname first: it is there without development files.
        private static IntPtr Resolve(string name, System.Reflection.Assembly assembly, DllImportSearchPath? path)
        {
            if (name == Library && RuntimeInformation.IsOSPlatform(OSPlatform.Linux) &&
                NativeLibrary.TryLoad("libphi.so.1", assembly, path, out IntPtr library))
            {
                return library;
            }
            return IntPtr.Zero;
        }
#endif

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int KeepGoing(IntPtr user, double done);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void Log(IntPtr user, int level, IntPtr message);

        [StructLayout(LayoutKind.Sequential)]
        internal struct Error
        {
            internal int Code;
            internal fixed byte Message[252];
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct ModelOptions
        {
            internal uint StructSize;
            internal int Weights;
            internal int Threads;
            internal int Isa;
            internal ulong MemoryLimitBytes;
            internal IntPtr KeepGoing;
            internal IntPtr Log;
            internal IntPtr User;
            internal int Repack;
            internal uint Reserved;
            internal int Pin;
            internal int Priority;
            internal IntPtr Pool; // for hosts in C and C++; zero here
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Sampling
        {
            internal uint StructSize;
            internal uint TopK;
            internal float Temperature;
            internal float TopP;
            internal float MinP;
            internal float RepeatPenalty;
            internal float PresencePenalty;
            internal float FrequencyPenalty;
            internal uint PenaltyWindow;
            internal uint IgnoreEnd;
            internal ulong Seed;
            internal IntPtr BiasTokens;
            internal IntPtr Biases;
            internal UIntPtr BiasCount;
            internal IntPtr StopTokens;
            internal UIntPtr StopCount;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct SessionOptions
        {
            internal uint StructSize;
            internal uint Context;
            internal int Kv;
            internal int Threads;
            internal IntPtr KeepGoing;
            internal IntPtr User;
            internal Sampling Sampling;
            internal int Precision;
            internal uint Reserved;
            internal int Pin;
            internal int Priority;
            internal IntPtr Pool; // for hosts in C and C++; zero here
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct StreamOptions
        {
            internal uint StructSize;
            internal uint KeepSpecials;
            internal IntPtr Stops;
            internal UIntPtr StopCount;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Message
        {
            internal IntPtr Role;
            internal IntPtr Content;
            internal UIntPtr ContentBytes;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct ModelInfo
        {
            internal uint StructSize;
            internal uint Layers;
            internal uint Hidden;
            internal uint Heads;
            internal uint KvHeads;
            internal uint HeadDim;
            internal uint VocabSize;
            internal uint Context;
            internal ulong Parameters;
            internal ulong WeightBytes;
            internal int Weights;
            internal uint Reserved;
            internal fixed byte Architecture[32];
            internal fixed byte Name[96];
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct TokenizerInfo
        {
            internal uint StructSize;
            internal uint VocabSize;
            internal int Bos;
            internal int Pad;
            internal uint AddsBos;
            internal uint EndCount;
            internal fixed int End[16];
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct Memory
        {
            internal uint StructSize;
            internal uint Reserved;
            internal ulong Weights;
            internal ulong Cache;
            internal ulong Scratch;
            internal ulong PeakWhileLoading;
            internal ulong Total;
        }

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint phi_abi_version();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern IntPtr phi_version_string();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern IntPtr phi_status_name(int status);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_model_open(
            byte[] path, ref ModelOptions options, out IntPtr model, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_model_open_memory(
            IntPtr bytes, UIntPtr count, ref ModelOptions options, out IntPtr model, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_model_convert(
            byte[] from, byte[] toPacked, ref ModelOptions options, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_model_estimate(
            byte[] path, ref ModelOptions options, ref SessionOptions session, ref Memory memory,
            out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_model_info_get(
            ModelHandle model, ref ModelInfo info, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void phi_model_free(IntPtr model);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern IntPtr phi_model_tokenizer(ModelHandle model);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_tokenizer_open(
            byte[] path, out IntPtr tokenizer, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void phi_tokenizer_free(IntPtr tokenizer);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_tokenizer_info_get(
            TokenizerHandle tokenizer, ref TokenizerInfo info, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_tokenizer_encode(
            TokenizerHandle tokenizer, byte[] text, UIntPtr textBytes, int specials, [Out] int[] ids,
            UIntPtr capacity, out UIntPtr count, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_tokenizer_encode_chat(
            TokenizerHandle tokenizer, Message[] messages, UIntPtr messageCount,
            int addGenerationPrompt, [Out] int[] ids, UIntPtr capacity, out UIntPtr count,
            out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_tokenizer_render_chat(
            TokenizerHandle tokenizer, Message[] messages, UIntPtr messageCount,
            int addGenerationPrompt, [Out] byte[] text, UIntPtr capacity, out UIntPtr bytes,
            out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_tokenizer_render_chat_json(
            TokenizerHandle tokenizer, byte[] json, UIntPtr jsonBytes, [Out] byte[] text,
            UIntPtr capacity, out UIntPtr bytes, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_tokenizer_decode(
            TokenizerHandle tokenizer, int[] ids, UIntPtr count, int keepSpecials, [Out] byte[] text,
            UIntPtr capacity, out UIntPtr bytes, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_session_create(
            ModelHandle model, ref SessionOptions options, out IntPtr session, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void phi_session_free(IntPtr session);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_session_set_sampling(
            SessionHandle session, ref Sampling sampling, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_session_append(
            SessionHandle session, int* ids, UIntPtr count, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_session_append_logits(
            SessionHandle session, int* ids, UIntPtr count, float* logits, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_session_append_chat(
            SessionHandle session, Message[] messages, UIntPtr count, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_session_next(
            SessionHandle session, out int token, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_session_logits(
            SessionHandle session, out float* logits, out UIntPtr vocabSize, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint phi_session_position(SessionHandle session);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_session_tokens(
            SessionHandle session, [Out] int[] ids, UIntPtr capacity, out UIntPtr count, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_session_rewind(
            SessionHandle session, uint position, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void phi_session_cancel(SessionHandle session);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_stream_create(
            TokenizerHandle tokenizer, ref StreamOptions options, out IntPtr stream, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_stream_push(
            StreamHandle stream, int token, out byte* bytes, out UIntPtr count, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int phi_stream_flush(
            StreamHandle stream, out byte* bytes, out UIntPtr count, out Error error);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void phi_stream_free(IntPtr stream);
    }
}
