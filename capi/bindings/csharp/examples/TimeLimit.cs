using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using LibPhi;

/// <summary>An answer as a task, as a window would ask for it: the thread that asks stays free,
/// pieces arrive as they come, and a token stops it after a time.
/// mono TimeLimit.exe [MODEL] [MILLISECONDS] [QUESTION]</summary>
internal static class TimeLimit
{
    private static void Main(string[] arguments)
    {
        string path = arguments.Length > 0 ? arguments[0] : DefaultModel();
        int limit = arguments.Length > 1 ? int.Parse(arguments[1]) : 60000;
        string question = arguments.Length > 2 ? arguments[2] : "What is 47 + 38?";
        RunAsync(path, limit, question).Wait();
    }

    private static async Task RunAsync(string path, int limit, string question)
    {
        using (var timer = new CancellationTokenSource(limit))
        using (Model model = await Model.OpenAsync(path))
        using (var session = new Session(model))
        {
            try
            {
                // In a window: new Progress<string>(label.Append), which calls on its thread.
                var pieces = new Printer();
                string answer = await session.ReplyToEndAsync(
                    new[] { Message.User(question) }, null, pieces, timer.Token);
                Console.WriteLine();
                Console.WriteLine("{0} characters, {1} tokens held, ended by {2}",
                    answer.Length, session.Position, session.LastFinish);
            }
            catch (OperationCanceledException)
            {
                Console.WriteLine();
                Console.WriteLine("stopped after {0} ms", limit);
            }
        }
    }

    private sealed class Printer : IProgress<string>
    {
        public void Report(string piece)
        {
            Console.Write(piece);
        }
    }

    /// <summary>The project's own small model, when this runs inside a checkout.</summary>
    private static string DefaultModel()
    {
        const string Nano = "examples/phi-nano/phi-nano.phi";
        var folder = new DirectoryInfo(Directory.GetCurrentDirectory());
        while (folder != null && !File.Exists(Path.Combine(folder.FullName, Nano)))
            folder = folder.Parent;
        return folder == null ? Nano : Path.Combine(folder.FullName, Nano);
    }
}
