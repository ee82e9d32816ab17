// One conversation: its tokens, their KV cache and a sampler.

import koffi from 'koffi';
import { Status } from './constants.js';
import { cMessages, cTokens, readTokens, uint32 } from './convert.js';
import { PhiError } from './errors.js';
import { Handle } from './handle.js';
import { call, callAsync, library } from './library.js';
import { Callbacks, sampling, sessionOptions } from './options.js';
import { Reply } from './reply.js';
import { handleOf, Tokenizer } from './tokenizer.js';

export class Session {
  #callbacks;
  #tokenizer;
  #vocabSize;

  /** Not for users: see create(). */
  constructor(pointer, model, callbacks, tokenizer) {
    const free = (session) => {
      library().phi_session_free(session);
      callbacks.release();
    };
    const keep = model[handleOf].keep;
    this[handleOf] = new Handle(this, pointer, free, 'session', { exclusive: true, keep });
    this.#callbacks = callbacks;
    this.#tokenizer = tokenizer;
    this.#vocabSize = model.info.vocabSize;
  }

  static async create(model, options = {}) {
    const callbacks = new Callbacks();
    const struct = sessionOptions(options, callbacks);
    const out = [null];
    const pointer = model[handleOf].enter();
    try {
      await callAsync('phi_session_create', pointer, struct, out);
      return new Session(out[0], model, callbacks, Tokenizer.ofModel(model[handleOf]));
    } catch (problem) {
      callbacks.release();
      throw problem;
    } finally {
      model[handleOf].leave();
    }
  }

  reply(messages, options = {}) {
    cMessages(messages); // what is wrong with them is said here
    return new Reply(this, this.#tokenizer, messages, options);
  }

  generate(options = {}) {
    return new Reply(this, this.#tokenizer, null, options);
  }

  async append(ids, { signal } = {}) {
    const tokens = cTokens(ids);
    await this.#run(signal, 'phi_session_append', tokens, tokens.length);
  }

  async appendChat(messages, { signal } = {}) {
    const chat = cMessages(messages);
    await this.#run(signal, 'phi_session_append_chat', chat, chat.length);
  }

  async appendLogits(ids, { signal } = {}) {
    const tokens = cTokens(ids);
    const logits = new Float32Array(tokens.length * this.#vocabSize);
    await this.#run(signal, 'phi_session_append_logits', tokens, tokens.length, logits);
    return logits;
  }

  async next({ signal } = {}) {
    const token = [0];
    const status = await this.#run(signal, 'phi_session_next', token);
    return { token: token[0], end: status === Status.END };
  }

  async logits() {
    const [row, size] = [[null], [0]];
    const pointer = this[handleOf].enter();
    try {
      await callAsync('phi_session_logits', pointer, row, size);
      return koffi.decode(row[0], koffi.array('float', size[0], 'Typed'));
    } finally {
      this[handleOf].leave();
    }
  }

  get position() {
    return this[handleOf].use((pointer) => library().phi_session_position(pointer));
  }

  tokens() {
    return this[handleOf].use((pointer) =>
      readTokens(library().phi_session_position(pointer), 'phi_session_tokens', pointer),
    );
  }

  rewind(position) {
    uint32(position, 'position');
    this[handleOf].use((pointer) => call('phi_session_rewind', pointer, position));
  }

  setSampling(options = {}) {
    const struct = sampling(options);
    this[handleOf].use((pointer) => call('phi_session_set_sampling', pointer, struct));
  }

  cancel() {
    this[handleOf].interrupt(library().phi_session_cancel);
  }

  close() {
    this[handleOf].interrupt(library().phi_session_cancel, { evenIdle: false });
    this[handleOf].close();
    this.#tokenizer.close();
  }

  [Symbol.dispose]() {
    this.close();
  }

  /** A call off the main thread that `signal` cancels. */
  async #run(signal, name, ...args) {
    signal?.throwIfAborted();
    const pointer = this[handleOf].enter();
    const cancel = () => library().phi_session_cancel(pointer);
    signal?.addEventListener('abort', cancel);
    try {
      return await callAsync(name, pointer, ...args);
    } catch (problem) {
      this.#callbacks.throwPending(); // the cause of a cancelled call
      const cancelled = problem instanceof PhiError && problem.status === Status.ERR_CANCELLED;
      throw cancelled && signal?.aborted ? signal.reason : problem;
    } finally {
      signal?.removeEventListener('abort', cancel);
      // A cancel that came too late for this call is not for the session's next one.
      if (signal?.aborted) library().phi_session_append(pointer, null, 0, null);
      this[handleOf].leave();
    }
  }
}
