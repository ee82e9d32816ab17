using System;
using System.Collections.Generic;
using System.Linq;

namespace LibPhi
{
    /// <summary>One turn of a chat.</summary>
    public sealed class Message
    {
        /// <summary>A turn of any role: "system", "user", "assistant", "tool".</summary>
        public Message(string role, string content)
        {
            Role = role ?? throw new ArgumentNullException(nameof(role));
            Content = content ?? throw new ArgumentNullException(nameof(content));
        }

        /// <summary>Who speaks.</summary>
        public string Role { get; }

        /// <summary>Always text: control tokens spelled inside it stay text.</summary>
        public string Content { get; }

        /// <summary>What the model is told before the conversation.</summary>
        public static Message System(string content) => new Message("system", content);

        /// <summary>What the person says.</summary>
        public static Message User(string content) => new Message("user", content);

        /// <summary>What the model has said.</summary>
        public static Message Assistant(string content) => new Message("assistant", content);

        /// <summary>As the library reads them, while <paramref name="pins"/> last.</summary>
        internal static Native.Message[] Raw(IEnumerable<Message> messages, Pins pins)
        {
            if (messages == null) throw new ArgumentNullException(nameof(messages));
            return messages.Select(message => message.Raw(pins)).ToArray();
        }

        private Native.Message Raw(Pins pins)
        {
            byte[] content = Utf8.Bytes(Content);
            return new Native.Message
            {
                Role = pins.Pin(Utf8.TerminatedBytes(Role, "role")),
                Content = pins.Pin(content),
                ContentBytes = (UIntPtr)content.Length,
            };
        }
    }
}
