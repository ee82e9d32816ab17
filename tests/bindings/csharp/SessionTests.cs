using System;
using System.Linq;
using System.Threading;
using LibPhi;

/// <summary>Prompts, tokens, sampling, logits, cancelling.</summary>
internal static class SessionTests
{
    private static readonly Model Golden = Model.Open(TestRun.Folder);
    private static readonly int[] Prompt = { 12, 500, 3, 77, 900, 41 };

    private static int[] Generate(Session session, int n)
    {
        return Enumerable.Range(0, n).Select(_ => session.Next().Token).ToArray();
    }

    private static int Best(float[] logits)
    {
        return Array.IndexOf(logits, logits.Max());
    }

    public static void TokensFollowTheLogitsAndCanBeTakenBack()
    {
        using (var session = new Session(Golden))
        {
            session.Append(Prompt);
            var first = new int[3];
            for (int i = 0; i < 3; ++i)
            {
                float[] logits = session.Logits();
                Check.Equal(TestRun.VocabSize, logits.Length);
                first[i] = session.Next().Token;
                Check.Equal(Best(logits), first[i]);
                Check.Equal(Prompt.Length + i + 1, session.Position);
            }
            Check.Equal(Prompt.Concat(first).ToArray(), session.Tokens);
            session.Rewind(Prompt.Length);
            Check.Equal(first, Generate(session, 3));
            Check.Fails(ErrorCode.OutOfRange, () => session.Rewind(100));
            Check.Throws<ArgumentOutOfRangeException>(() => session.Rewind(-1));
        }
    }

    public static void AppendLogitsGivesARowForEachToken()
    {
        using (Session rows = new Session(Golden), single = new Session(Golden))
        {
            var all = new float[Prompt.Length * TestRun.VocabSize];
            rows.AppendLogits(Prompt, all);
            var row = new float[TestRun.VocabSize];
            for (int i = 0; i < Prompt.Length; ++i)
            {
                single.Append(new[] { Prompt[i] });
                single.ReadLogits(row);
                Check.Equal(all.Skip(i * TestRun.VocabSize).Take(TestRun.VocabSize).ToArray(), row);
            }
            Check.Throws<ArgumentException>(() => rows.AppendLogits(Prompt, new float[7]));
            Check.Throws<ArgumentException>(() => rows.ReadLogits(new float[7]));
            rows.AppendLogits(new int[0], new float[0]);
        }
    }

    public static void MisuseIsAnErrorAndChangesNothing()
    {
        var options = new SessionOptions { Context = 8, Threads = 1 };
        using (var session = new Session(Golden, options))
        {
            Check.Fails(ErrorCode.InvalidArgument, () => session.Next());
            Check.Fails(ErrorCode.InvalidArgument, () => session.Logits());
            Check.Fails(ErrorCode.OutOfRange, () => session.Append(new[] { TestRun.VocabSize }));
            Check.Throws<ArgumentNullException>(() => session.Append(null));
            Check.Throws<ArgumentNullException>(() => session.AppendChat(null));
            Check.Throws<ArgumentNullException>(() => session.SetSampling(null));
            session.Append(new int[0]);
            session.Append(Prompt);
            Check.Fails(ErrorCode.ContextFull, () => session.Append(Prompt));
            Check.Fails(ErrorCode.ContextFull, () => session.AppendChat(TestRun.Chat));
            Check.Equal(Prompt, session.Tokens);
            Generate(session, 2);
            Check.Fails(ErrorCode.ContextFull, () => session.Next());
        }
        Check.Fails(ErrorCode.OutOfRange,
            () => new Session(Golden, new SessionOptions { Context = 513 }));
        Check.Throws<ArgumentOutOfRangeException>(
            () => new Session(Golden, new SessionOptions { Context = -1 }));
        Check.Throws<ArgumentNullException>(() => new Session(null));
    }

    public static void SamplingCanForceForbidAndStop()
    {
        using (var session = new Session(Golden))
        {
            session.Append(Prompt);
            var forced = new Sampling { Bias = { { 321, 1000 } } };
            session.SetSampling(forced);
            Check.Equal((321, false), session.Next());
            forced.StopTokens.Add(321);
            session.SetSampling(forced);
            Check.Equal((321, true), session.Next());
            int best = Best(session.Logits());
            session.SetSampling(new Sampling { Bias = { { best, float.NegativeInfinity } } });
            Check.That(session.Next().Token != best);

            var end = new Sampling { Bias = { { TestRun.ImEnd, 1000 } } };
            session.SetSampling(end);
            Check.Equal((TestRun.ImEnd, true), session.Next());
            end.IgnoreEnd = true;
            session.SetSampling(end);
            Check.Equal((TestRun.ImEnd, false), session.Next());
        }
    }

    public static void ASeedGivesTheSameTokens()
    {
        Check.Equal(Draw(4711), Draw(4711));
        Check.That(!Draw(4711).SequenceEqual(Draw(4712)));
    }

    private static int[] Draw(ulong seed)
    {
        var warm = new Sampling
        {
            Temperature = 1.2f, TopK = 100, TopP = 0.95f, MinP = 0.01f, RepeatPenalty = 1.1f,
            PresencePenalty = 0.1f, FrequencyPenalty = 0.1f, PenaltyWindow = 16,
            IgnoreEnd = true, Seed = seed,
        };
        using (var session = new Session(Golden, new SessionOptions { Sampling = warm }))
        {
            session.Append(Prompt);
            return Generate(session, 20);
        }
    }

    public static void SamplingThatMakesNoSenseIsAnError()
    {
        using (var session = new Session(Golden))
        {
            Refused(session, "temperature", new Sampling { Temperature = float.NaN });
            Refused(session, "top_p", new Sampling { TopP = 1.01f });
            Refused(session, "bias", new Sampling { Bias = { { TestRun.VocabSize, 1 } } });
            Refused(session, "stop", new Sampling { StopTokens = { -4 } });
            Check.Throws<ArgumentOutOfRangeException>(
                () => session.SetSampling(new Sampling { TopK = -1 }));
        }
    }

    private static void Refused(Session session, string name, Sampling sampling)
    {
        PhiException error = Check.Throws<PhiException>(() => session.SetSampling(sampling));
        Check.That(error.Message.Contains(name), error.Message);
    }

    public static void AChatKeepsWhatStaysTheSame()
    {
        using (var session = new Session(Golden))
        {
            session.AppendChat(TestRun.Chat);
            int[] before = session.Tokens;
            Message[] chat = TestRun.Chat
                .Concat(new[] { Message.Assistant("Everybody."), Message.User("Why?") }).ToArray();
            session.AppendChat(chat);
            Check.Equal(before, session.Tokens.Take(before.Length).ToArray());
            Check.Equal(Golden.Tokenizer.EncodeChat(chat), session.Tokens);
        }
    }

    public static void ProgressOfAPromptCancelsAndThrows()
    {
        int calls = 0;
        var options = new SessionOptions
        {
            Progress = done => ++calls == 1 ? throw new FormatException("first") : calls > 2,
        };
        int[] prompt = Enumerable.Range(0, 300).ToArray();
        using (var session = new Session(Golden, options))
        {
            GC.Collect(); // the function that the library calls must survive it
            Check.Equal("first",
                Check.Throws<FormatException>(() => session.Append(prompt)).Message);
            Thread.Sleep(30); // it is called at most every 20 ms
            Check.Fails(ErrorCode.Cancelled, () => session.Append(prompt));
            Check.Equal(0, session.Position);
            session.Append(prompt);
            Check.Equal(300, session.Position);
        }
    }

    public static void ACallInsideACallIsRefused()
    {
        Session session = null;
        var options = new SessionOptions { Progress = done => session.Position >= 0 };
        using (session = new Session(Golden, options))
        {
            Check.Throws<InvalidOperationException>(
                () => session.Append(Enumerable.Range(0, 300).ToArray()));
            Check.Equal(0, session.Position);
        }
    }

    /// Whenever the cancel comes, one call reports it and the session is as before that call.
    public static void APrefillIsCancelledFromAnotherThread()
    {
        int[] prompt = Enumerable.Range(0, 500).ToArray();
        using (var session = new Session(Golden))
        {
            for (int round = 0; round < 12; ++round)
            {
                int spins = 20000 * round;
                var canceller = new Thread(() =>
                {
                    Thread.SpinWait(spins);
                    session.Cancel();
                });
                canceller.Start();
                Check.Fails(ErrorCode.Cancelled, () =>
                {
                    while (true)
                    {
                        session.Rewind(0);
                        session.Append(prompt);
                    }
                });
                Check.Equal(0, session.Position);
                canceller.Join();
                session.Append(new[] { 1, 2 });
            }
        }
    }

    public static void ATokenCancelsAPrefillAndLeavesNoCancelBehind()
    {
        int[] prompt = Enumerable.Range(0, 500).ToArray();
        using (var session = new Session(Golden))
        {
            for (int round = 0; round < 12; ++round)
            {
                using (var source = new CancellationTokenSource())
                {
                    int spins = 20000 * round;
                    var canceller = new Thread(() =>
                    {
                        Thread.SpinWait(spins);
                        source.Cancel();
                    });
                    canceller.Start();
                    var cancelled = Check.Throws<OperationCanceledException>(() =>
                    {
                        while (true)
                        {
                            session.Rewind(0);
                            session.Append(prompt, source.Token);
                        }
                    });
                    Check.Equal(source.Token, cancelled.CancellationToken);
                    canceller.Join();
                    session.Rewind(0);
                    session.Append(new[] { 1, 2 }); // is not hit by a cancel that came too late
                }
            }
        }
    }

    public static void ACancelledTokenIsSeenBeforehand()
    {
        using (var session = new Session(Golden))
        {
            var cancelled = new CancellationToken(true);
            Check.Throws<OperationCanceledException>(() => session.Append(Prompt, cancelled));
            Check.Throws<OperationCanceledException>(
                () => session.AppendChat(TestRun.Chat, cancelled));
            session.Append(Prompt);
        }
    }

    public static void DisposedSessionsSaySo()
    {
        var session = new Session(Golden);
        session.Append(Prompt);
        session.Dispose();
        session.Dispose();
        session.Cancel(); // a stop button may come last
        Check.Throws<ObjectDisposedException>(() => session.Next());
        Check.Throws<ObjectDisposedException>(() => session.Append(Prompt));
        Check.Throws<ObjectDisposedException>(() => session.Position.ToString());
        Check.Throws<ObjectDisposedException>(() => session.ReplyToEnd(TestRun.Chat));
    }

    public static void ASessionCanBeDisposedWhileItWorks()
    {
        for (int round = 0; round < 10; ++round)
        {
            var session = new Session(Golden);
            var worker = new Thread(() =>
            {
                try
                {
                    while (true)
                    {
                        session.Append(Prompt);
                        session.Rewind(0);
                    }
                }
                catch (ObjectDisposedException)
                {
                    // as it should be
                }
            });
            worker.Start();
            Thread.SpinWait(30000 * round);
            session.Dispose();
            worker.Join();
        }
    }

    public static void SessionsOnManyThreadsGiveTheSameTokens()
    {
        var tokens = new int[8][];
        Thread[] threads = Enumerable.Range(0, tokens.Length)
            .Select(i => new Thread(() => tokens[i] = OneThread())).ToArray();
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        int[] expected = OneThread();
        foreach (int[] some in tokens) Check.Equal(expected, some);
    }

    private static int[] OneThread()
    {
        using (var session = new Session(Golden, new SessionOptions { Threads = 1 }))
        {
            session.Append(Golden.Tokenizer.Encode("shared"));
            return Generate(session, 12);
        }
    }
}
