using System;
using System.Collections.Generic;
using System.Linq;

namespace LibPhi
{
    /// <summary>How matrices are held in memory.</summary>
    public enum Weights
    {
        /// <summary>The file's own types, mapped and not copied.</summary>
        AsStored = 0,

        /// <summary>32-bit floating point.</summary>
        F32 = 1,

        /// <summary>16-bit floating point with the range of F32.</summary>
        BF16 = 2,

        /// <summary>8 bits a weight; a scale for 256 of a row, or for 32.</summary>
        Int8 = 3,

        /// <summary>4.5 bits a weight; token embedding and output matrix have 6 to 8.</summary>
        Int4 = 4,
    }

    /// <summary>The most that the library's own kernels may use of the processor.</summary>
    public enum Isa
    {
        /// <summary>The best that the processor has.</summary>
        Best = 0,

        /// <summary>What every x86-64 has.</summary>
        Base = 1,

        /// <summary>AVX2.</summary>
        Avx2 = 2,

        /// <summary>AVX-512.</summary>
        Avx512 = 3,

        /// <summary>AVX-512 with VNNI.</summary>
        Avx512Vnni = 4,
    }

    /// <summary>Element type of the cache of keys and values.</summary>
    public enum Kv
    {
        /// <summary>16 bits.</summary>
        BF16 = 0,

        /// <summary>32 bits.</summary>
        F32 = 1,

        /// <summary>8 bits and a scale for every 32 elements.</summary>
        Int8 = 2,
    }

    /// <summary>May low-bit weights be put into the order that the processor's kernels work fastest
    /// in?</summary>
    public enum Repack
    {
        /// <summary>Yes; copies what the file does not have in that order.</summary>
        WhenFaster = 0,

        /// <summary>No: stays mapped as the file has it; slower prompts.</summary>
        Never = 1,
    }

    /// <summary>Of prompt processing with low-bit weights, which rounds the inputs of every matrix
    /// to 8 bits.</summary>
    public enum Precision
    {
        /// <summary>One scale for 32 inputs (K-quants: 128 or 256), weights as they are.</summary>
        Standard = 0,

        /// <summary>Q4_0 and Q4_1: one scale for 64 inputs; Q4_K: 256; others: 128, and weights
        /// rounded to 8 bits with a scale for 128 too. As standard without AVX-512
        /// VNNI.</summary>
        Fast = 1,
    }

    /// <summary>Where the library's own threads run; the thread that calls stays where it
    /// is.</summary>
    public enum Pin
    {
        /// <summary>Where the system puts them.</summary>
        None = 0,

        /// <summary>Each on one core of those that the process may use.</summary>
        Cores = 1,
    }

    /// <summary>What the library's own threads get of a busy machine; the thread that calls keeps
    /// its own priority.</summary>
    public enum Priority
    {
        /// <summary>As much as the caller.</summary>
        Normal = 0,

        /// <summary>Less than others: 10 steps nicer than the caller.</summary>
        Low = 1,

        /// <summary>What others leave.</summary>
        Idle = 2,
    }

    /// <summary>How much a line of log matters.</summary>
    public enum LogLevel
    {
        /// <summary>For those who work on the library.</summary>
        Debug = 0,

        /// <summary>What was done.</summary>
        Info = 1,

        /// <summary>What may surprise.</summary>
        Warning = 2,
    }

    /// <summary>What models and sessions have in common: the threads that load or evaluate, and a
    /// function that is told how far they are.</summary>
    public abstract class ThreadOptions
    {
        internal ThreadOptions()
        {
        }

        /// <summary>How many work; 0 = the physical cores that this process may use.</summary>
        public int Threads { get; set; }

        /// <summary>Where the library's own threads run.</summary>
        public Pin Pin { get; set; }

        /// <summary>What the library's own threads get of a busy machine.</summary>
        public Priority Priority { get; set; }

        /// <summary>Told from 0 to 1 how much of a load or a long prompt is done, on the calling
        /// thread, at most every 20 ms. Returning false cancels.</summary>
        public Func<double, bool> Progress { get; set; }
    }

    /// <summary>How a model is opened or converted. What is not set is the default.</summary>
    public sealed class ModelOptions : ThreadOptions
    {
        /// <summary>How matrices are held in memory.</summary>
        public Weights Weights { get; set; }

        /// <summary>The most that the library's own kernels may use of the processor.</summary>
        public Isa Isa { get; set; }

        /// <summary>Covers the weights (mapped pages too), the peak while loading, and all sessions
        /// of the model. What would exceed it fails before anything is allocated. 0 = no
        /// limit.</summary>
        public long MemoryLimitBytes { get; set; }

        /// <summary>May the weights be put into another order?</summary>
        public Repack Repack { get; set; }

        /// <summary>Gets lines of log while the model is being opened or converted.</summary>
        public Action<LogLevel, string> Log { get; set; }

        /// <summary>Without callbacks.</summary>
        internal unsafe Native.ModelOptions Raw()
        {
            if (MemoryLimitBytes < 0)
                throw new ArgumentOutOfRangeException(nameof(MemoryLimitBytes));
            return new Native.ModelOptions
            {
                StructSize = (uint)sizeof(Native.ModelOptions),
                Weights = (int)Weights,
                Threads = Threads,
                Isa = (int)Isa,
                MemoryLimitBytes = (ulong)MemoryLimitBytes,
                Repack = (int)Repack,
                Pin = (int)Pin,
                Priority = (int)Priority,
            };
        }
    }

    /// <summary>How the next token is chosen. Steps, in this order: bias, penalties, TopK, TopP,
    /// MinP, temperature, draw. The default takes the most probable token. A seed gives the same
    /// tokens everywhere.</summary>
    public sealed class Sampling
    {
        /// <summary>Divides the logits; 0 = the best token, the lowest id of equals.</summary>
        public float Temperature { get; set; }

        /// <summary>Keeps the k most probable tokens; 0 = off.</summary>
        public int TopK { get; set; }

        /// <summary>Keeps the shortest list that holds this probability, 0 to 1; 0 = off.</summary>
        public float TopP { get; set; }

        /// <summary>Keeps what is this times as probable as the best, 0 to 1; 0 = off.</summary>
        public float MinP { get; set; }

        /// <summary>Divides positive logits of seen tokens, multiplies others; 0 and 1 =
        /// off.</summary>
        public float RepeatPenalty { get; set; }

        /// <summary>Subtracted from the logit of a seen token.</summary>
        public float PresencePenalty { get; set; }

        /// <summary>Subtracted from the logit of a seen token once for each time that it was
        /// seen.</summary>
        public float FrequencyPenalty { get; set; }

        /// <summary>How many of the last tokens, prompt included, count as seen; 0 = 64.</summary>
        public int PenaltyWindow { get; set; }

        /// <summary>Makes the model's end tokens ordinary ones, for benchmarks.</summary>
        public bool IgnoreEnd { get; set; }

        /// <summary>Of the generator.</summary>
        public ulong Seed { get; set; }

        /// <summary>Added to the logits of tokens; negative infinity forbids one.</summary>
        public IDictionary<int, float> Bias { get; } = new Dictionary<int, float>();

        /// <summary>End a reply, as the model's own end tokens do.</summary>
        public IList<int> StopTokens { get; } = new List<int>();

        /// <summary>As the library reads it, while <paramref name="pins"/> last.</summary>
        internal unsafe Native.Sampling Raw(Pins pins)
        {
            if (TopK < 0) throw new ArgumentOutOfRangeException(nameof(TopK));
            if (PenaltyWindow < 0) throw new ArgumentOutOfRangeException(nameof(PenaltyWindow));
            return new Native.Sampling
            {
                StructSize = (uint)sizeof(Native.Sampling),
                TopK = (uint)TopK,
                Temperature = Temperature,
                TopP = TopP,
                MinP = MinP,
                RepeatPenalty = RepeatPenalty,
                PresencePenalty = PresencePenalty,
                FrequencyPenalty = FrequencyPenalty,
                PenaltyWindow = (uint)PenaltyWindow,
                IgnoreEnd = IgnoreEnd ? 1u : 0u,
                Seed = Seed,
                BiasTokens = pins.Pin(Bias.Keys.ToArray()),
                Biases = pins.Pin(Bias.Values.ToArray()),
                BiasCount = (UIntPtr)Bias.Count,
                StopTokens = pins.Pin(StopTokens.ToArray()),
                StopCount = (UIntPtr)StopTokens.Count,
            };
        }
    }

    /// <summary>How a session is made. What is not set is the default.</summary>
    public sealed class SessionOptions : ThreadOptions
    {
        /// <summary>Positions to reserve, at most the model's. 0 = 4096, if the model has so many;
        /// with longrope at most the length that the model was first trained for.</summary>
        public int Context { get; set; }

        /// <summary>Element type of the cache of keys and values.</summary>
        public Kv Kv { get; set; }

        /// <summary>How tokens are chosen.</summary>
        public Sampling Sampling { get; set; } = new Sampling();

        /// <summary>Of prompt processing.</summary>
        public Precision Precision { get; set; }

        /// <summary>Without callback; as the library reads it, while <paramref name="pins"/>
        /// last.</summary>
        internal unsafe Native.SessionOptions Raw(Pins pins)
        {
            if (Context < 0) throw new ArgumentOutOfRangeException(nameof(Context));
            return new Native.SessionOptions
            {
                StructSize = (uint)sizeof(Native.SessionOptions),
                Context = (uint)Context,
                Kv = (int)Kv,
                Threads = Threads,
                Sampling = (Sampling ?? new Sampling()).Raw(pins),
                Precision = (int)Precision,
                Pin = (int)Pin,
                Priority = (int)Priority,
            };
        }
    }

    /// <summary>When a reply ends, beside the model's own end.</summary>
    public sealed class ReplyOptions
    {
        /// <summary>After so many tokens; 0 = no limit.</summary>
        public int MaxTokens { get; set; }

        /// <summary>Texts that end the reply and are not shown.</summary>
        public IList<string> Stops { get; } = new List<string>();
    }
}
