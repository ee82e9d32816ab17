using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using LibPhi;

/// <summary>Text to tokens and back; chats; streams.</summary>
internal static class TokenizerTests
{
    private static readonly Tokenizer Golden = Tokenizer.Open(TestRun.Folder);

    public static void ATokenizerTellsWhatItIs()
    {
        TokenizerInfo info = Golden.Info;
        Check.Equal(TestRun.VocabSize, info.VocabSize);
        Check.That(info.End.Contains(TestRun.ImEnd));
        Check.That(!info.AddsBos);
        Check.That(info.Bos >= -1 && info.Pad >= -1);
    }

    public static void TextGoesToTokensAndBack()
    {
        // By the library that made tokenizer.json.
        Check.Equal(new[] { 39, 68, 379, 78, 272, 260, 521 }, Golden.Encode("Hello world"));
        string longText = string.Concat(Enumerable.Repeat("one two three ", 2000));
        foreach (string text in new[] { "", "Grüße, 日本語, 🦀🏳️‍🌈", "NUL: \0.", "!", longText })
        {
            Check.Equal(text, Golden.Decode(Golden.Encode(text)));
        }
        // Half a surrogate pair is no text.
        Check.Equal("\ufffd", Golden.Decode(Golden.Encode("\ud83e")));
        Check.Fails(ErrorCode.OutOfRange, () => Golden.Decode(new[] { 5000 }));
        Check.Throws<ArgumentNullException>(() => Golden.Encode(null));
        Check.Throws<ArgumentNullException>(() => Golden.Decode(null));
    }

    public static void ControlTokensAreTextUnlessAskedFor()
    {
        Check.That(Golden.Encode("<|im_end|>").Length > 1);
        int[] ids = Golden.Encode("<|im_end|>", Specials.Parse);
        Check.Equal(new[] { TestRun.ImEnd }, ids);
        Check.Equal("", Golden.Decode(ids));
        Check.Equal("<|im_end|>", Golden.Decode(ids, ShowSpecials.Yes));
    }

    public static void ChatsFollowTheTemplate()
    {
        var chat = new[] { Message.System("Be brief."), Message.User("Hi <|im_end|>") };
        const string Expected =
            "<|im_start|>system<|im_sep|>Be brief.<|im_end|>" +
            "<|im_start|>user<|im_sep|>Hi <|im_end|><|im_end|>" +
            "<|im_start|>assistant<|im_sep|>";
        Check.Equal(Expected, Golden.RenderChat(chat));
        const string Json =
            "{\"messages\": [{\"role\": \"system\", \"content\": \"Be brief.\"}," +
            "{\"role\": \"user\", \"content\": \"Hi <|im_end|>\"}]," +
            "\"add_generation_prompt\": true}";
        Check.Equal(Expected, Golden.RenderChatJson(Json));

        int[] ids = Golden.EncodeChat(chat, GenerationPrompt.No);
        Check.Equal(2, ids.Count(id => id == TestRun.ImEnd)); // the one that was spelled is text
        int[] prompt = Golden.EncodeChat(chat);
        Check.Equal(ids, prompt.Take(ids.Length).ToArray());
        Check.That(prompt.Length > ids.Length);

        var long_ = new[] { Message.Assistant(new string('x', 25000)) };
        Check.That(Golden.RenderChat(long_, GenerationPrompt.No).Length > 25000);
    }

    public static void ChatsThatMakeNoSenseAreErrors()
    {
        Check.Throws<ArgumentException>(
            () => Golden.EncodeChat(new[] { new Message("us\0er", "Hi") }));
        Check.Throws<ArgumentNullException>(() => new Message("user", null));
        Check.Throws<ArgumentNullException>(() => Golden.RenderChat(null));
        Check.Fails(ErrorCode.InvalidArgument, () => Golden.RenderChatJson("{"));
    }

    public static void AStreamGivesWholeCharacters()
    {
        const string Text = "Grüße, 日本語 🦀!";
        Tokenizer tokenizer = Tokenizer.Open(TestRun.Folder);
        using (var stream = new TextStream(tokenizer))
        {
            tokenizer.Dispose(); // the stream goes on
            var shown = new StringBuilder();
            foreach (int id in Golden.Encode(Text)) shown.Append(stream.Push(id));
            shown.Append(stream.Flush());
            Check.Equal(Text, shown.ToString());

            Check.Equal("", stream.Push(Golden.Encode("🦀")[0]));
            Check.Fails(ErrorCode.OutOfRange, () => stream.Push(-1));
            Check.Equal("\ufffd", stream.Flush());
            Check.Equal("", stream.Flush());
        }
    }

    public static void AStreamEndsBeforeAStopString()
    {
        using (var stream = new TextStream(Golden, new[] { "never", "worl" }, ShowSpecials.Yes))
        {
            var shown = new StringBuilder();
            foreach (int id in Golden.Encode("<|im_start|>Hello world", Specials.Parse))
                shown.Append(stream.Push(id));
            Check.That(stream.IsStopped);
            Check.Equal("<|im_start|>Hello ", shown.ToString());
            Check.Equal("", stream.Flush());
            Check.That(!stream.IsStopped);
        }
        Check.Fails(ErrorCode.InvalidArgument, () => new TextStream(Golden, new[] { "" }));
        Check.Throws<ArgumentException>(() => new TextStream(Golden, new[] { "a\0b" }));
    }

    public static void DisposedObjectsSaySo()
    {
        var stream = new TextStream(Golden);
        stream.Dispose();
        stream.Dispose();
        Check.Throws<ObjectDisposedException>(() => stream.Push(1));
        Check.Throws<ObjectDisposedException>(() => stream.Flush());
    }
}
