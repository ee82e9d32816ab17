/** Phi-4 and its peers inside your program, on its CPU, without a network. */

/** One turn of a chat; the role is usually "system", "user", "assistant" or "tool". */
export interface Message {
  role: string;
  content: string;
}

export type Weights = 'as-stored' | 'f32' | 'bf16' | 'int8' | 'int4';
/** Called with 0..1, at most every 20 ms; returning false cancels. */
export type Progress = (done: number) => boolean | void;

/** What models and sessions have in common: the threads that load or evaluate, and a function that
 * is told how far they are. */
export interface ThreadOptions {
  /** How many work. Default: the physical cores that this process may use. */
  threads?: number;
  /** Where the library's own threads run: 'cores' keeps each on one core. Default: 'none'. */
  pin?: 'none' | 'cores';
  /** What the library's own threads get of a busy machine: 'low' is less than others, 'idle' what
   * others leave. Default: 'normal'. */
  priority?: 'normal' | 'low' | 'idle';
  /** Of a load or a long prompt. */
  progress?: Progress;
}

/** How a model is opened, converted or estimated. */
export interface ModelOptions extends ThreadOptions {
  /** How matrices are held in memory. Default: as in the file, mapped and not copied. */
  weights?: Weights;
  /** The most that the library's own kernels may use of the processor. */
  isa?: 'best' | 'base' | 'avx2' | 'avx512' | 'avx512-vnni';
  /** Of the weights, the peak while loading and all sessions; what would exceed it is
   * PHI_ERR_OVER_BUDGET before anything is allocated. Default: none. */
  memoryLimitBytes?: number | bigint;
  /** One line of log. Default: silent. */
  log?: (level: 'debug' | 'info' | 'warning' | number, line: string) => void;
  /** May low-bit weights be put into the order that the processor works fastest in? */
  repack?: 'when-faster' | 'never';
  /** Cancels; the call rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** How the next token is chosen; by default the most probable one. Steps, in this order: bias,
 * penalties, topK, topP, minP, temperature, draw. */
export interface Sampling {
  /** Divides the logits; 0 = the best token. */
  temperature?: number;
  /** Keep the k most probable tokens; 0 = off. */
  topK?: number;
  /** Keep the shortest list that holds this probability; 0 = off. */
  topP?: number;
  /** Keep what is this times as probable as the best; 0 = off. */
  minP?: number;
  repeatPenalty?: number;
  presencePenalty?: number;
  frequencyPenalty?: number;
  /** How many of the last tokens, prompt included, count as seen; 0 = 64. */
  penaltyWindow?: number;
  /** The model's end tokens are ordinary tokens. */
  ignoreEnd?: boolean;
  /** A seed gives the same tokens everywhere. */
  seed?: number | bigint;
  /** Added to the logits of tokens; -Infinity forbids a token. */
  bias?: Iterable<readonly [token: number, value: number]>;
  /** End a reply, as the model's own end tokens do. */
  stopTokens?: Iterable<number>;
}

/** How a session is created. */
export interface SessionOptions extends ThreadOptions {
  /** Positions to reserve. Default: 4096, or the model's if that is less. */
  context?: number;
  /** Element type of the KV cache. */
  kv?: 'bf16' | 'f32' | 'int8';
  sampling?: Sampling;
  /** Of prompt processing with low-bit weights. */
  precision?: 'standard' | 'fast';
}

export interface ReplyOptions {
  /** The text ends before the first of them that is complete. */
  stops?: string[];
  maxTokens?: number;
  /** Ends the reply, in the middle of a call too; the iteration then throws the signal's reason. */
  signal?: AbortSignal;
}

export interface ModelInfo {
  /** As the file says, may be "". */
  name: string;
  /** "phi3", "qwen2" or "llama" */
  architecture: string;
  layers: number;
  hidden: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Length of a row of logits; may exceed the tokenizer's. */
  vocabSize: number;
  /** Positions that the model is made for. */
  context: number;
  parameters: number;
  /** As held in memory, mapped pages included. */
  weightBytes: number;
  /** A number where the library knows more of them than this package. */
  weights: Weights | number;
}

/** Bytes, for one model with one session. */
export interface Memory {
  weights: number;
  cache: number;
  scratch: number;
  peakWhileLoading: number;
  /** weights + cache + scratch */
  total: number;
}

export interface TokenizerInfo {
  /** Highest id + 1. */
  vocabSize: number;
  bos: number | null;
  pad: number | null;
  /** The model expects bos before a plain prompt; encode never adds it. */
  addsBos: boolean;
  /** The tokens that end a reply, the first 16 of them. */
  end: number[];
}

/** An open model. Immutable: any number of sessions share one. Close it, or leave that to the garbage
 * collector; sessions and streams that were made with it go on working. */
export class Model {
  private constructor();
  /** Opens a Hugging Face directory, a .gguf file or a packed file. Its files must not change
   * meanwhile. */
  static open(path: string, options?: ModelOptions): Promise<Model>;
  /** The same for a GGUF or packed file in memory, which is used in place and kept: do not change or
   * transfer it. */
  static openMemory(data: Uint8Array, options?: ModelOptions): Promise<Model>;
  /** Writes what open() takes as one packed file, which opens fastest. */
  static convert(source: string, packed: string, options?: ModelOptions): Promise<void>;
  /** What the model and one session would take, from the file's headers alone. */
  static estimate(path: string, options?: ModelOptions, session?: SessionOptions): Promise<Memory>;
  get info(): ModelInfo;
  /** Closed with the model. */
  get tokenizer(): Tokenizer;
  close(): void;
  [Symbol.dispose](): void;
}

/** A vocabulary and a chat template. Its calls are quick and run on the main thread. */
export class Tokenizer {
  private constructor();
  /** From a Hugging Face directory, a tokenizer.json, a .gguf or a packed file. */
  static open(path: string): Promise<Tokenizer>;
  get info(): TokenizerInfo;
  /** Text to ids; adds no bos. With parseSpecials control tokens that are spelled in the text become
   * control tokens; leave that off for text that you did not write yourself. */
  encode(text: string, options?: { parseSpecials?: boolean }): Int32Array;
  /** Ids to text, control tokens left out. To show tokens as they come use a TextStream. */
  decode(ids: Iterable<number>, options?: { keepSpecials?: boolean }): string;
  /** A chat to ids. Control tokens that are spelled in the messages stay text. */
  encodeChat(messages: Message[], options?: { addGenerationPrompt?: boolean }): Int32Array;
  /** A chat to text: exactly what the model's template gives. */
  renderChat(messages: Message[], options?: { addGenerationPrompt?: boolean }): string;
  /** The same with everything that the template knows: messages, tools, add_generation_prompt, ... */
  renderChatJson(chat: { messages: unknown[]; [variable: string]: unknown }): string;
  close(): void;
  [Symbol.dispose](): void;
}

/** One conversation: its tokens, their KV cache and a sampler. One call at a time: await it before the
 * next. Only cancel() and close() may come in between. */
export class Session {
  private constructor();
  /** Reserves all memory of the session. */
  static create(model: Model, options?: SessionOptions): Promise<Session>;
  /** The answer to a chat, piece by piece as it is generated. Hand over the whole conversation each
   * turn; what the session holds already is not evaluated again. */
  reply(messages: Message[], options?: ReplyOptions): Reply;
  /** The same for what was appended: goes on from there. */
  generate(options?: ReplyOptions): Reply;
  /** Appends tokens and evaluates them. On an error the session holds what it held. */
  append(ids: Iterable<number>, options?: { signal?: AbortSignal }): Promise<void>;
  /** The whole conversation: keeps what is the same as before, appends the rest with the header that
   * asks the model for its answer. */
  appendChat(messages: Message[], options?: { signal?: AbortSignal }): Promise<void>;
  /** append(), and the logits after each of the ids: [ids, vocabSize], row after row. */
  appendLogits(ids: Iterable<number>, options?: { signal?: AbortSignal }): Promise<Float32Array>;
  /** Samples the next token and appends it; end: it is an end token. */
  next(options?: { signal?: AbortSignal }): Promise<{ token: number; end: boolean }>;
  /** The logits after the last position, as the model gives them: [vocabSize], a copy. */
  logits(): Promise<Float32Array>;
  /** Number of tokens held. */
  get position(): number;
  /** The tokens held. */
  tokens(): Int32Array;
  /** Drops the tokens from `position` on. */
  rewind(position: number): void;
  /** Keeps tokens and cache; the generator starts again from the seed. */
  setSampling(sampling?: Sampling): void;
  /** The append or next that is running, or else the next one called, rejects with
   * PHI_ERR_CANCELLED. */
  cancel(): void;
  /** Lets go of the session, after cancelling what runs. */
  close(): void;
  [Symbol.dispose](): void;
}

/** An answer as an iterator over its text. Leave the loop whenever you like: the session holds what
 * was generated until then, and is ready for more. */
export class Reply implements AsyncIterableIterator<string> {
  private constructor();
  /** What was generated so far, an end token included. */
  readonly tokens: number[];
  /** Why the reply is over; null while it is not, and if it was closed or failed. */
  readonly finish: 'end' | 'stop' | 'length' | null;
  /** The next piece of text, never empty. The first evaluates the prompt. */
  next(): Promise<IteratorResult<string, undefined>>;
  return(): Promise<IteratorResult<string, undefined>>;
  /** Ends the reply, in the middle of a call too. */
  close(): void;
  [Symbol.asyncIterator](): this;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Tokens, one at a time, to text that can be shown at once: whole code points, and nothing that may
 * still become a stop string. */
export class TextStream {
  constructor(tokenizer: Tokenizer, options?: { stops?: string[]; keepSpecials?: boolean });
  /** The text that can be shown now, often "". */
  push(token: number): string;
  /** At the end of a reply: what is still held back. Then the stream is as new. */
  flush(): string;
  /** A stop string is complete; further tokens give no text until flush(). */
  get stopped(): boolean;
  close(): void;
  [Symbol.dispose](): void;
}

/** A call of the library failed. */
export class PhiError extends Error {
  constructor(status: number, message: string);
  /** "PHI_ERR_NOT_FOUND" and so on, as in phi.h. */
  readonly code: string;
  /** The same as a number: Status.ERR_NOT_FOUND. */
  readonly status: number;
}

export const Status: Readonly<{
  OK: 0;
  END: 1;
  PENDING: 2;
  ERR_INVALID_ARGUMENT: -10;
  ERR_OUT_OF_RANGE: -11;
  ERR_BUFFER_TOO_SMALL: -12;
  ERR_NOT_FOUND: -20;
  ERR_IO: -21;
  ERR_BAD_FORMAT: -22;
  ERR_UNSUPPORTED: -23;
  ERR_OUT_OF_MEMORY: -30;
  ERR_OVER_BUDGET: -31;
  ERR_CONTEXT_FULL: -40;
  ERR_CANCELLED: -41;
  ERR_INTERNAL: -90;
}>;

/** Loads the shared library and returns where it came from. Without `path`: what the environment
 * variable PHI_LIBRARY names, else libphi in this package's folder, else the system's. The first call
 * that needs the library does this on its own. */
export function loadLibrary(path?: string): string;
/** The version of the loaded library: "0.1.0". */
export function version(): string;
/** The version of the loaded library's binary interface. */
export function abiVersion(): number;
