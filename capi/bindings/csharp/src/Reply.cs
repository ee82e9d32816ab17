using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.ExceptionServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
#if NETCOREAPP3_0_OR_GREATER
using System.Runtime.CompilerServices;
using System.Threading.Channels;
#endif

namespace LibPhi
{
    /// <summary>Why a reply ended.</summary>
    public enum Finish
    {
        /// <summary>It has not ended, or not by itself.</summary>
        None,

        /// <summary>The model had said all.</summary>
        EndToken,

        /// <summary>A stop string was complete.</summary>
        StopString,

        /// <summary>ReplyOptions.MaxTokens were generated.</summary>
        MaxTokens,
    }

    public sealed partial class Session
    {
        /// <summary>Why the last reply ended.</summary>
        public Finish LastFinish { get; private set; }

        /// <summary>Reads the whole conversation and gives the model's answer piece by piece: whole
        /// characters, none empty. Everything happens as the result is enumerated; an exception
        /// comes after all text that could be shown.</summary>
        /// <exception cref="OperationCanceledException">the token was cancelled</exception>
        public IEnumerable<string> Reply(
            IEnumerable<Message> messages, ReplyOptions options = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            if (messages == null) throw new ArgumentNullException(nameof(messages));
            options = options ?? new ReplyOptions();
            if (options.MaxTokens < 0)
                throw new ArgumentOutOfRangeException(nameof(options), "MaxTokens is negative");
            return Pieces(messages.ToArray(), options, cancellationToken);
        }

        /// <summary>The answer as a whole.</summary>
        /// <exception cref="OperationCanceledException">the token was cancelled</exception>
        public string ReplyToEnd(
            IEnumerable<Message> messages, ReplyOptions options = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            return string.Concat(Reply(messages, options, cancellationToken));
        }

        /// <summary>The answer as a whole, generated on a thread of its own.</summary>
        /// <param name="messages">the whole conversation</param>
        /// <param name="options">null = all defaults</param>
        /// <param name="pieces">told each piece as it comes; a Progress&lt;string&gt; made on the
        /// thread of a window shows it there; may be null</param>
        /// <param name="cancellationToken">ends the task as cancelled</param>
        public Task<string> ReplyToEndAsync(
            IEnumerable<Message> messages, ReplyOptions options = null,
            IProgress<string> pieces = null,
            CancellationToken cancellationToken = default(CancellationToken))
        {
            IEnumerable<string> reply = Reply(messages, options, cancellationToken);
            return Background.Run(() =>
            {
                var answer = new StringBuilder();
                foreach (string piece in reply)
                {
                    answer.Append(piece);
                    pieces?.Report(piece);
                }
                return answer.ToString();
            }, cancellationToken);
        }

#if NETCOREAPP3_0_OR_GREATER
        /// <summary>Reply for "await foreach", generated on a thread of its own while pieces are
        /// taken. Leaving the loop early stops the generation.</summary>
        public async IAsyncEnumerable<string> ReplyAsync(
            IEnumerable<Message> messages, ReplyOptions options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            IEnumerable<string> reply = Reply(messages, options, stop.Token);
            var channel = Channel.CreateUnbounded<string>(
                new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
            Task generation = Background.Run(
                () => Generate(reply, channel.Writer, cancellationToken), CancellationToken.None);
            try
            {
                while (await channel.Reader.WaitToReadAsync().ConfigureAwait(false))
                {
                    while (channel.Reader.TryRead(out string piece)) yield return piece;
                }
            }
            finally
            {
                stop.Cancel();
                await generation.ConfigureAwait(false);
            }
        }

        /// <summary>Never throws: an exception goes to the reader. True when the reply was
        /// whole.</summary>
        private static bool Generate(
            IEnumerable<string> reply, ChannelWriter<string> pieces, CancellationToken caller)
        {
            try
            {
                foreach (string piece in reply) pieces.TryWrite(piece);
                pieces.Complete();
                return true;
            }
            catch (OperationCanceledException) when (caller.IsCancellationRequested)
            {
                pieces.Complete(new OperationCanceledException(caller)); // not of the linked token
            }
            catch (Exception exception)
            {
                pieces.Complete(exception);
            }
            return false;
        }
#endif

        private IEnumerable<string> Pieces(
            Message[] messages, ReplyOptions options, CancellationToken cancellationToken)
        {
            LastFinish = Finish.None;
            using (new CancelOnToken(this, cancellationToken))
            using (var stream = new TextStream(tokenizer, options.Stops))
            {
                AppendChatNow(messages, cancellationToken);
                for (int tokens = 0; LastFinish == Finish.None; ++tokens)
                {
                    ExceptionDispatchInfo failure = null;
                    string text = options.MaxTokens > 0 && tokens == options.MaxTokens
                        ? End(stream, Finish.MaxTokens)
                        : Step(stream, cancellationToken, out failure);
                    if (text.Length > 0) yield return text;
                    failure?.Throw();
                }
            }
        }

        /// <summary>One more token: the text that it makes showable. After a failure that is what
        /// was held back.</summary>
        private string Step(
            TextStream stream, CancellationToken cancellationToken,
            out ExceptionDispatchInfo failure)
        {
            failure = null;
            try
            {
                (int token, bool end) = Next(cancellationToken);
                if (end) return End(stream, Finish.EndToken);
                string text = stream.Push(token);
                if (stream.IsStopped) LastFinish = Finish.StopString;
                return text;
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
                return stream.Flush();
            }
        }

        private string End(TextStream stream, Finish finish)
        {
            LastFinish = finish;
            return stream.Flush();
        }
    }
}
