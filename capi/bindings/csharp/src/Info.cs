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
        private readonly Native.ModelInfo raw;

        internal unsafe ModelInfo(ModelHandle model)
        {
            var info = new Native.ModelInfo { StructSize = (uint)sizeof(Native.ModelInfo) };
            int status = Native.phi_model_info_get(model, ref info, out var error);
            PhiException.Check(status, ref error);
            raw = info;
            Architecture = Utf8.Terminated(info.Architecture);
            Name = Utf8.Terminated(info.Name);
        }

        /// <summary>"phi3", "qwen2" or "llama".</summary>
        public string Architecture { get; }

        /// <summary>As the file says; may be empty.</summary>
        public string Name { get; }

        /// <summary>Number of layers.</summary>
        public int Layers => (int)raw.Layers;

        /// <summary>Width of the residual stream.</summary>
        public int Hidden => (int)raw.Hidden;

        /// <summary>Query heads.</summary>
        public int Heads => (int)raw.Heads;

        /// <summary>Key and value heads.</summary>
        public int KvHeads => (int)raw.KvHeads;

        /// <summary>Width of a head.</summary>
        public int HeadDim => (int)raw.HeadDim;

        /// <summary>Length of a row of logits; may exceed the tokenizer's.</summary>
        public int VocabSize => (int)raw.VocabSize;

        /// <summary>Positions that the model is made for.</summary>
        public int Context => (int)raw.Context;

        /// <summary>Number of weights.</summary>
        public long Parameters => (long)raw.Parameters;

        /// <summary>As held in memory, mapped pages included.</summary>
        public long WeightBytes => (long)raw.WeightBytes;

        /// <summary>How they are held.</summary>
        public Weights Weights => (Weights)raw.Weights;
    }

    /// <summary>What is known of a tokenizer.</summary>
    public sealed class TokenizerInfo
    {
        private readonly Native.TokenizerInfo raw;

        internal unsafe TokenizerInfo(TokenizerHandle tokenizer)
        {
            var info = new Native.TokenizerInfo { StructSize = (uint)sizeof(Native.TokenizerInfo) };
            int status = Native.phi_tokenizer_info_get(tokenizer, ref info, out var error);
            PhiException.Check(status, ref error);
            raw = info;
            var end = new List<int>();
            for (int i = 0; i < 16; ++i)
            {
                if (info.End[i] >= 0) end.Add(info.End[i]);
            }
            End = end;
        }

        /// <summary>Highest id + 1.</summary>
        public int VocabSize => (int)raw.VocabSize;

        /// <summary>Beginning of text; -1 = none.</summary>
        public int Bos => raw.Bos;

        /// <summary>Padding; -1 = none.</summary>
        public int Pad => raw.Pad;

        /// <summary>The model expects Bos before a plain prompt; Encode never adds it.</summary>
        public bool AddsBos => raw.AddsBos != 0;

        /// <summary>End tokens, the first 16 of them.</summary>
        public IReadOnlyList<int> End { get; }
    }

    /// <summary>Bytes, for one model with one session.</summary>
    public sealed class MemoryEstimate
    {
        private readonly Native.Memory raw;

        internal MemoryEstimate(Native.Memory raw)
        {
            this.raw = raw;
        }

        /// <summary>Mapped pages included.</summary>
        public long Weights => (long)raw.Weights;

        /// <summary>Keys and values of the session.</summary>
        public long Cache => (long)raw.Cache;

        /// <summary>Everything else that the session reserves.</summary>
        public long Scratch => (long)raw.Scratch;

        /// <summary>The most that the load takes.</summary>
        public long PeakWhileLoading => (long)raw.PeakWhileLoading;

        /// <summary>Weights, cache and scratch.</summary>
        public long Total => (long)raw.Total;
    }
}
