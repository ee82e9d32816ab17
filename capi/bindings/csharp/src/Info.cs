using System.Collections.Generic;

namespace LibPhi
{
    /// <summary>The library that is running.</summary>
    public static unsafe class Library
    {
        /// <summary>Its version: "0.1.0".</summary>
        public static string Version => Utf8.Terminated((byte*)Native.phi_version_string());

        /// <summary>The version of its binary interface.</summary>
        public static int AbiVersion => (int)Native.phi_abi_version();

        /// <summary>The name of a code in phi.h: "PHI_ERR_NOT_FOUND".</summary>
        public static string NameOf(ErrorCode code)
        {
            return Utf8.Terminated((byte*)Native.phi_status_name((int)code));
        }
    }

    /// <summary>What is known of a model.</summary>
    public sealed class ModelInfo
    {
        internal unsafe ModelInfo(ModelHandle model)
        {
            var raw = new Native.ModelInfo { StructSize = (uint)sizeof(Native.ModelInfo) };
            int status = Native.phi_model_info_get(model, ref raw, out var error);
            PhiException.Check(status, ref error);
            Architecture = Utf8.Terminated(raw.Architecture);
            Name = Utf8.Terminated(raw.Name);
            Layers = (int)raw.Layers;
            Hidden = (int)raw.Hidden;
            Heads = (int)raw.Heads;
            KvHeads = (int)raw.KvHeads;
            HeadDim = (int)raw.HeadDim;
            VocabSize = (int)raw.VocabSize;
            Context = (int)raw.Context;
            Parameters = (long)raw.Parameters;
            WeightBytes = (long)raw.WeightBytes;
            Weights = (Weights)raw.Weights;
        }

        /// <summary>"phi3", "qwen2" or "llama".</summary>
        public string Architecture { get; }

        /// <summary>As the file says; may be empty.</summary>
        public string Name { get; }

        /// <summary>Number of layers.</summary>
        public int Layers { get; }

        /// <summary>Width of the residual stream.</summary>
        public int Hidden { get; }

        /// <summary>Query heads.</summary>
        public int Heads { get; }

        /// <summary>Key and value heads.</summary>
        public int KvHeads { get; }

        /// <summary>Width of a head.</summary>
        public int HeadDim { get; }

        /// <summary>Length of a row of logits; may exceed the tokenizer's.</summary>
        public int VocabSize { get; }

        /// <summary>Positions that the model is made for.</summary>
        public int Context { get; }

        /// <summary>Number of weights.</summary>
        public long Parameters { get; }

        /// <summary>As held in memory, mapped pages included.</summary>
        public long WeightBytes { get; }

        /// <summary>How they are held.</summary>
        public Weights Weights { get; }
    }

    /// <summary>What is known of a tokenizer.</summary>
    public sealed class TokenizerInfo
    {
        internal unsafe TokenizerInfo(TokenizerHandle tokenizer)
        {
            var raw = new Native.TokenizerInfo { StructSize = (uint)sizeof(Native.TokenizerInfo) };
            int status = Native.phi_tokenizer_info_get(tokenizer, ref raw, out var error);
            PhiException.Check(status, ref error);
            VocabSize = (int)raw.VocabSize;
            Bos = raw.Bos;
            Pad = raw.Pad;
            AddsBos = raw.AddsBos != 0;
            var end = new List<int>();
            for (int i = 0; i < 16; ++i)
            {
                if (raw.End[i] >= 0) end.Add(raw.End[i]);
            }
            End = end;
        }

        /// <summary>Highest id + 1.</summary>
        public int VocabSize { get; }

        /// <summary>Beginning of text; -1 = none.</summary>
        public int Bos { get; }

        /// <summary>Padding; -1 = none.</summary>
        public int Pad { get; }

        /// <summary>The model expects Bos before a plain prompt; Encode never adds it.</summary>
        public bool AddsBos { get; }

        /// <summary>End tokens, the first 16 of them.</summary>
        public IReadOnlyList<int> End { get; }
    }

    /// <summary>Bytes, for one model with one session.</summary>
    public sealed class MemoryEstimate
    {
        internal MemoryEstimate(Native.Memory raw)
        {
            Weights = (long)raw.Weights;
            Cache = (long)raw.Cache;
            Scratch = (long)raw.Scratch;
            PeakWhileLoading = (long)raw.PeakWhileLoading;
            Total = (long)raw.Total;
        }

        /// <summary>Mapped pages included.</summary>
        public long Weights { get; }

        /// <summary>Keys and values of the session.</summary>
        public long Cache { get; }

        /// <summary>Everything else that the session reserves.</summary>
        public long Scratch { get; }

        /// <summary>The most that the load takes.</summary>
        public long PeakWhileLoading { get; }

        /// <summary>Weights, cache and scratch.</summary>
        public long Total { get; }
    }
}
