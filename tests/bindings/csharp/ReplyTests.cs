using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using LibPhi;

/// <summary>Answers, as sequences and as tasks.</summary>
internal static class ReplyTests
{
    private static readonly Model Golden = Model.Open(TestRun.Folder);

    /// A session that says one token again and again.
    private static Session Repeating(int token, int context = 0)
    {
        return new Session(Golden, new SessionOptions
        {
            Context = context,
            Sampling = new Sampling { Bias = { { token, 1000 } } },
        });
    }

    private static int Lo => Golden.Tokenizer.Encode("Hello world")[3];

    private static string LoText => Golden.Tokenizer.Decode(new[] { Lo });

    public static void PiecesAreTheTextOfTheTokens()
    {
        using (var session = new Session(Golden))
        {
            session.AppendChat(TestRun.Chat);
            int start = session.Position;
            var text = new StringBuilder();
            foreach (string piece in session.Reply(TestRun.Chat, new ReplyOptions { MaxTokens = 60 }))
            {
                Check.That(piece.Length > 0);
                text.Append(piece);
            }
            int[] ids = session.Tokens.Skip(start).ToArray();
            if (session.LastFinish == Finish.EndToken) ids = ids.Take(ids.Length - 1).ToArray();
            else Check.Equal((Finish.MaxTokens, 60), (session.LastFinish, ids.Length));
            Check.Equal(Golden.Tokenizer.Decode(ids), text.ToString());
        }
    }

    public static void AReplyEndsWhereItShould()
    {
        using (Session session = Repeating(Lo))
        {
            Check.Equal(new[] { LoText, LoText, LoText },
                session.Reply(TestRun.Chat, new ReplyOptions { MaxTokens = 3 }).ToArray());
            Check.Equal(Finish.MaxTokens, session.LastFinish);
            var stop = new ReplyOptions { Stops = { LoText + LoText } };
            Check.Equal("", session.ReplyToEnd(TestRun.Chat, stop));
            Check.Equal(Finish.StopString, session.LastFinish);
        }
        using (Session session = Repeating(TestRun.ImEnd))
        {
            Check.Equal(0, session.Reply(TestRun.Chat).Count());
            Check.Equal(Finish.EndToken, session.LastFinish);
        }
    }

    public static void AnExceptionComesAfterTheText()
    {
        using (Session session = Repeating(Golden.Tokenizer.Encode("lo")[0], 32))
        {
            var text = new StringBuilder();
            var stop = new ReplyOptions { Stops = { new string('l', 99) } };
            Check.Fails(ErrorCode.ContextFull, () =>
            {
                foreach (string piece in session.Reply(TestRun.Chat, stop)) text.Append(piece);
            });
            Check.That(text.Length > 0 && text[text.Length - 1] == 'l', "held back: " + text);
            Check.Equal(Finish.None, session.LastFinish);
        }
    }

    public static void ArgumentsAreCheckedAtOnce()
    {
        using (var session = new Session(Golden))
        {
            Check.Throws<ArgumentNullException>(() => session.Reply(null));
            Check.Throws<ArgumentOutOfRangeException>(
                () => session.Reply(TestRun.Chat, new ReplyOptions { MaxTokens = -1 }));
            Check.Fails(ErrorCode.InvalidArgument,
                () => session.ReplyToEnd(TestRun.Chat, new ReplyOptions { Stops = { "" } }));
        }
    }

    public static void AReplyCanBeCancelledLeftAndAskedAgain()
    {
        using (var session = new Session(Golden))
        {
            var options = new ReplyOptions { MaxTokens = 400 };
            session.Cancel();
            Check.Fails(ErrorCode.Cancelled, () => session.ReplyToEnd(TestRun.Chat, options));
            string first = null;
            Check.Fails(ErrorCode.Cancelled, () =>
            {
                foreach (string piece in session.Reply(TestRun.Chat, options))
                {
                    first = first ?? piece;
                    session.Cancel();
                }
            });
            Check.Equal(first, session.Reply(TestRun.Chat, options).First());
            IEnumerable<string> reply = session.Reply(TestRun.Chat, options);
            Check.Equal(string.Concat(reply), string.Concat(reply)); // generated twice
        }
    }

    public static void ALoopThatIsLeftLeavesNoCancelBehind()
    {
        using (var session = new Session(Golden))
        using (var source = new CancellationTokenSource())
        {
            foreach (string piece in session.Reply(TestRun.Chat, null, source.Token))
            {
                Check.That(piece.Length > 0);
                source.Cancel();
                break;
            }
            session.Next();
        }
    }

    public static void ATaskGivesTheWholeAnswer()
    {
        using (var session = new Session(Golden))
        {
            var options = new ReplyOptions { MaxTokens = 30 };
            string expected = session.ReplyToEnd(TestRun.Chat, options);
            var pieces = new Collector();
            Check.Equal(expected, session.ReplyToEndAsync(TestRun.Chat, options, pieces).Result);
            Check.Equal(expected, pieces.Text.ToString());
        }
    }

    public static void ATaskIsCancelledByItsToken()
    {
        using (var session = new Session(Golden))
        using (var source = new CancellationTokenSource())
        {
            var pieces = new Collector { OnPiece = source.Cancel };
            Task<string> task = session.ReplyToEndAsync(
                TestRun.Chat, new ReplyOptions { MaxTokens = 400 }, pieces, source.Token);
            Check.Throws<AggregateException>(() => task.Wait());
            Check.That(task.IsCanceled, task.Status.ToString());
            Check.That(pieces.Text.Length > 0);
            Check.That(session.ReplyToEnd(TestRun.Chat, new ReplyOptions { MaxTokens = 5 }) != null);
        }
    }

    public static void ATaskFailsWithItsException()
    {
        using (var session = new Session(Golden, new SessionOptions { Context = 8 }))
        {
            Task<string> task = session.ReplyToEndAsync(TestRun.Chat);
            AggregateException failure = Check.Throws<AggregateException>(() => task.Wait());
            Check.Equal(ErrorCode.ContextFull, ((PhiException)failure.InnerException).Code);
        }
    }

#if NETCOREAPP3_0_OR_GREATER
    public static void AnAsyncReplyGivesThePieces()
    {
        using var session = new Session(Golden);
        var options = new ReplyOptions { MaxTokens = 30 };
        string expected = session.ReplyToEnd(TestRun.Chat, options);
        Check.Equal(expected, Join(session.ReplyAsync(TestRun.Chat, options)).Result);
        Check.Equal(Finish.MaxTokens, session.LastFinish);
    }

    public static void AnAsyncReplyIsCancelledLeftAndFails()
    {
        using var session = new Session(Golden);
        using var source = new CancellationTokenSource();
        var failure = Check.Throws<AggregateException>(
            () => Join(session.ReplyAsync(TestRun.Chat, null, source.Token), source.Cancel).Wait());
        var cancelled = (OperationCanceledException)failure.InnerException;
        Check.Equal(source.Token, cancelled.CancellationToken);
        Check.That(First(session.ReplyAsync(TestRun.Chat)).Result.Length > 0);
        session.Next(); // nothing is running any more, no cancel waits

        using var small = new Session(Golden, new SessionOptions { Context = 8 });
        failure = Check.Throws<AggregateException>(() => First(small.ReplyAsync(TestRun.Chat)).Wait());
        Check.Equal(ErrorCode.ContextFull, ((PhiException)failure.InnerException).Code);
    }

    public static void SpansAreTakenAsArraysAre()
    {
        using var session = new Session(Golden);
        ReadOnlySpan<int> prompt = stackalloc[] { 12, 500 };
        var rows = new float[2 * TestRun.VocabSize];
        session.AppendLogits(prompt, rows.AsSpan());
        session.Rewind(0);
        session.Append(prompt);
        var last = new float[TestRun.VocabSize];
        session.ReadLogits(last.AsSpan());
        Check.Equal(rows.Skip(TestRun.VocabSize).ToArray(), last);
    }

    private static async Task<string> Join(IAsyncEnumerable<string> pieces, Action onPiece = null)
    {
        var text = new StringBuilder();
        await foreach (string piece in pieces)
        {
            text.Append(piece);
            onPiece?.Invoke();
        }
        return text.ToString();
    }

    private static async Task<string> First(IAsyncEnumerable<string> pieces)
    {
        await foreach (string piece in pieces) return piece;
        return "";
    }
#endif

    private sealed class Collector : IProgress<string>
    {
        internal StringBuilder Text { get; } = new StringBuilder();

        internal Action OnPiece { get; set; } = () => { };

        public void Report(string piece)
        {
            Text.Append(piece);
            OnPiece();
        }
    }
}
