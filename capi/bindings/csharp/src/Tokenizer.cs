using System;
using System.Collections.Generic;

namespace LibPhi
{
    /// <summary>May control tokens spelled inside a text become control tokens?</summary>
    public enum Specials
    {
        /// <summary>No: they are text like any other.</summary>
        AsText = 0,

        /// <summary>Yes.</summary>
        Parse = 1,
    }

    /// <summary>Are control tokens part of decoded text?</summary>
    public enum ShowSpecials
    {
        /// <summary>No.</summary>
        No = 0,

        /// <summary>Yes.</summary>
        Yes = 1,
    }

    /// <summary>Does a rendered chat end with the header that asks the model for its
    /// answer?</summary>
    public enum GenerationPrompt
    {
        /// <summary>No.</summary>
        No = 0,

        /// <summary>Yes.</summary>
        Yes = 1,
    }

    /// <summary>Vocabulary and chat template; immutable. Any number of threads may use it at
    /// once.</summary>
    public sealed class Tokenizer : IDisposable
    {
        private Tokenizer(TokenizerHandle handle)
        {
            Handle = handle;
            Info = new TokenizerInfo(handle);
        }

        /// <summary>What is known of the tokenizer.</summary>
        public TokenizerInfo Info { get; }

        internal TokenizerHandle Handle { get; }

        /// <summary>A tokenizer without its model, from a Hugging Face directory, a tokenizer.json,
        /// a .gguf or a packed file.</summary>
        public static Tokenizer Open(string path)
        {
            byte[] terminated = Utf8.TerminatedBytes(path, nameof(path));
            int status = Native.phi_tokenizer_open(terminated, out var tokenizer, out var error);
            PhiException.Check(status, ref error);
            return new Tokenizer(new TokenizerHandle(tokenizer));
        }

        /// <summary>The tokenizer that a model lends, which keeps the model until it is
        /// disposed.</summary>
        internal static Tokenizer Of(ModelHandle model)
        {
            return new Tokenizer(new TokenizerHandle(Native.phi_model_tokenizer(model), model));
        }

        /// <summary>Text to ids; adds no Bos.</summary>
        public int[] Encode(string text, Specials specials = Specials.AsText)
        {
            if (text == null) throw new ArgumentNullException(nameof(text));
            byte[] bytes = Utf8.Bytes(text);
            return Fill<int>(bytes.Length / 3 + 8,
                (int[] ids, UIntPtr capacity, out UIntPtr count, out Native.Error error) =>
                    Native.phi_tokenizer_encode(Handle, bytes, (UIntPtr)bytes.Length, (int)specials,
                        ids, capacity, out count, out error));
        }

        /// <summary>A chat to ids, with Bos where the model's chats have one. Control tokens
        /// spelled inside a message stay text.</summary>
        public int[] EncodeChat(
            IEnumerable<Message> messages, GenerationPrompt prompt = GenerationPrompt.Yes)
        {
            using (var pins = new Pins())
            {
                Native.Message[] raw = Message.Raw(messages, pins);
                return Fill<int>(256,
                    (int[] ids, UIntPtr capacity, out UIntPtr count, out Native.Error error) =>
                        Native.phi_tokenizer_encode_chat(Handle, raw, (UIntPtr)raw.Length,
                            (int)prompt, ids, capacity, out count, out error));
            }
        }

        /// <summary>A chat to text: exactly what the model's template gives.</summary>
        public string RenderChat(
            IEnumerable<Message> messages, GenerationPrompt prompt = GenerationPrompt.Yes)
        {
            using (var pins = new Pins())
            {
                Native.Message[] raw = Message.Raw(messages, pins);
                return Utf8.Text(Fill<byte>(1024,
                    (byte[] text, UIntPtr capacity, out UIntPtr count, out Native.Error error) =>
                        Native.phi_tokenizer_render_chat(Handle, raw, (UIntPtr)raw.Length,
                            (int)prompt, text, capacity, out count, out error)));
            }
        }

        /// <summary>The same for a JSON object {"messages": [...], "tools": [...], ...}; every
        /// further member is a variable of the template.</summary>
        public string RenderChatJson(string json)
        {
            if (json == null) throw new ArgumentNullException(nameof(json));
            byte[] bytes = Utf8.Bytes(json);
            return Utf8.Text(Fill<byte>(1024,
                (byte[] text, UIntPtr capacity, out UIntPtr count, out Native.Error error) =>
                    Native.phi_tokenizer_render_chat_json(Handle, bytes, (UIntPtr)bytes.Length,
                        text, capacity, out count, out error)));
        }

        /// <summary>Ids to text; what is not UTF-8 becomes U+FFFD. To show tokens as they come, use
        /// a TextStream.</summary>
        public string Decode(int[] ids, ShowSpecials specials = ShowSpecials.No)
        {
            if (ids == null) throw new ArgumentNullException(nameof(ids));
            return Utf8.Text(Fill<byte>(ids.Length * 6 + 16,
                (byte[] text, UIntPtr capacity, out UIntPtr count, out Native.Error error) =>
                    Native.phi_tokenizer_decode(Handle, ids, (UIntPtr)ids.Length, (int)specials,
                        text, capacity, out count, out error)));
        }

        /// <summary>Streams made from it go on.</summary>
        public void Dispose()
        {
            Handle.Dispose();
        }

        internal delegate int FillCall<T>(
            T[] values, UIntPtr capacity, out UIntPtr count, out Native.Error error);

        /// <summary>A call that writes an unknown number of things: with room for a guess first,
        /// and again with the room that it asks for.</summary>
        internal static T[] Fill<T>(int guess, FillCall<T> call)
        {
            var values = new T[guess];
            while (true)
            {
                int status = call(values, (UIntPtr)values.Length, out var count, out var error);
                if (status != Native.ErrorBufferTooSmall || (int)count <= values.Length)
                {
                    PhiException.Check(status, ref error);
                    Array.Resize(ref values, (int)count);
                    return values;
                }
                values = new T[(int)count];
            }
        }
    }
}
