using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using LibPhi;

/// <summary>A chat in the terminal: mono Chat.exe [MODEL]. An empty line or Ctrl-D ends it, Ctrl-C
/// stops an answer.</summary>
internal static class Chat
{
    private static CancellationTokenSource stopButton = new CancellationTokenSource();

    private static int Main(string[] arguments)
    {
        string path = arguments.Length > 0 ? arguments[0] : DefaultModel();
        Console.CancelKeyPress += (sender, key) =>
        {
            key.Cancel = true; // the program goes on
            stopButton.Cancel();
        };
        try
        {
            Talk(path);
            return 0;
        }
        catch (PhiException exception)
        {
            Console.Error.WriteLine(Library.NameOf(exception.Code) + ": " + exception.Message);
            return 1;
        }
    }

    private static void Talk(string path)
    {
        var options = new ModelOptions
        {
            Progress = done =>
            {
                Console.Error.Write("\rloading {0,3:0} %", 100 * done);
                return !stopButton.IsCancellationRequested;
            },
        };
        var sampling = new Sampling { Temperature = 0.7f, TopP = 0.9f, Seed = 1 };
        using (Model model = Model.Open(path, options))
        using (var session = new Session(model, new SessionOptions { Sampling = sampling }))
        {
            ModelInfo info = model.Info;
            Console.Error.WriteLine("\r{0}: {1} layers, {2:0.0} million weights",
                info.Architecture, info.Layers, info.Parameters / 1e6);
            var chat = new List<Message>();
            while (Ask() is string question)
            {
                chat.Add(Message.User(question));
                chat.Add(Message.Assistant(Answer(session, chat)));
            }
        }
    }

    /// <summary>Prints the answer as it comes; what came before Ctrl-C counts.</summary>
    private static string Answer(Session session, IEnumerable<Message> chat)
    {
        stopButton = new CancellationTokenSource();
        var answer = new StringBuilder();
        try
        {
            foreach (string piece in session.Reply(chat, null, stopButton.Token))
            {
                Console.Write(piece);
                Console.Out.Flush();
                answer.Append(piece);
            }
        }
        catch (OperationCanceledException)
        {
            Console.Write(" (stopped)");
        }
        Console.WriteLine();
        return answer.ToString();
    }

    /// <summary>A line from the person; null when there is nothing more to ask.</summary>
    private static string Ask()
    {
        Console.Error.Write("> ");
        string line = Console.ReadLine()?.Trim();
        return string.IsNullOrEmpty(line) ? null : line;
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
