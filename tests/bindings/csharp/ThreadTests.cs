using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using LibPhi;

/// <summary>Where the library's own threads run and what they get of the machine, as Linux shows
/// it.</summary>
internal static class ThreadTests
{
    private const int NiceField = 19, PolicyField = 41; // of /proc/.../stat, from 1
    private const int SchedIdle = 5;

    private static readonly Model Golden = Model.Open(TestRun.Folder);
    private static readonly ReplyOptions Short = new ReplyOptions { MaxTokens = 8 };

    public static void APinnedThreadStaysOnOneProcessor()
    {
        var options = new SessionOptions { Threads = 2, Pin = Pin.Cores };
        AnswersWithWorker(options, IsPinned);
    }

    public static void AThreadOfLowPriorityIsNicer()
    {
        int low = Math.Min(Stat("/proc/thread-self", NiceField) + 10, 19);
        var options = new SessionOptions { Threads = 2, Priority = Priority.Low };
        AnswersWithWorker(options, worker => Stat(worker, NiceField) == low);
    }

    public static void AnIdleThreadGetsWhatOthersLeave()
    {
        var options = new SessionOptions { Threads = 2, Priority = Priority.Idle };
        AnswersWithWorker(options, IsIdle);
    }

    public static void ThreadsThatLoadFollowToo()
    {
        int calls = 0;
        var options = new ModelOptions
        {
            Threads = 2, Pin = Pin.Cores, Priority = Priority.Idle,
            Progress = done =>
            {
                ++calls;
                WaitForWorker(worker => IsPinned(worker) && IsIdle(worker));
                return true;
            },
        };
        Model.Open(TestRun.Folder, options).Dispose();
        Check.That(calls > 0);
    }

    public static void ChoicesThatDoNotExistAreRefused()
    {
        PhiException error = Check.Fails(ErrorCode.InvalidArgument,
            () => new Session(Golden, new SessionOptions { Pin = (Pin)2 }));
        Check.Equal("pin: 2 is not a known choice", error.Message);
        error = Check.Fails(ErrorCode.InvalidArgument,
            () => Model.Open(TestRun.Folder, new ModelOptions { Priority = (Priority)(-1) }));
        Check.Equal("priority: -1 is not a known choice", error.Message);
    }

    /// A session of these options has such a worker, and says what one without workers says.
    private static void AnswersWithWorker(SessionOptions options, Predicate<string> isExpected)
    {
        using (var plain = new Session(Golden, new SessionOptions { Threads = 1 }))
        using (var session = new Session(Golden, options))
        {
            WaitForWorker(isExpected);
            Check.Equal(plain.ReplyToEnd(TestRun.Chat, Short),
                session.ReplyToEnd(TestRun.Chat, Short));
        }
    }

    /// A worker sets itself up after it has been made.
    private static void WaitForWorker(Predicate<string> isExpected)
    {
        bool isThere = SpinWait.SpinUntil(
            () => Directory.GetDirectories("/proc/self/task").Any(
                thread => IsWorker(thread, isExpected)),
            TimeSpan.FromSeconds(30));
        Check.That(isThere, "no such worker");
    }

    private static bool IsWorker(string thread, Predicate<string> isExpected)
    {
        try
        {
            string name = File.ReadAllText(thread + "/comm");
            return name.StartsWith("phi-worker-", StringComparison.Ordinal) && isExpected(thread);
        }
        catch (IOException)
        {
            return false; // it has ended meanwhile
        }
    }

    private static bool IsPinned(string thread)
    {
        string status = File.ReadAllText(thread + "/status");
        return Regex.IsMatch(status, @"^Cpus_allowed_list:\s*\d+$", RegexOptions.Multiline);
    }

    private static bool IsIdle(string thread)
    {
        return Stat(thread, PolicyField) == SchedIdle;
    }

    private static int Stat(string thread, int field)
    {
        string stat = File.ReadAllText(thread + "/stat");
        // The second field is a name in parentheses, which may have blanks inside.
        string[] fields = stat.Substring(stat.LastIndexOf(')') + 2).Split(' ');
        return int.Parse(fields[field - 3]);
    }
}
