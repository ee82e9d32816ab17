// Weights, configuration and tokenizer.

import { makeStruct } from './abi.js';
import * as names from './constants.js';
import { Status } from './constants.js';
import { cString } from './convert.js';
import { PhiError } from './errors.js';
import { Handle } from './handle.js';
import { call, callAsync, library } from './library.js';
import { Callbacks, modelOptions, sessionOptions } from './options.js';
import { handleOf, Tokenizer } from './tokenizer.js';

export class Model {
  #tokenizer;

  /** Not for users: see open() and openMemory(). */
  constructor(pointer, keep) {
    this[handleOf] = new Handle(this, pointer, library().phi_model_free, 'model', { keep });
    this.#tokenizer = Tokenizer.ofModel(this[handleOf]);
  }

  static async open(path, options = {}) {
    const out = [null];
    await run('phi_model_open', [cString(path, 'path')], options, out);
    return new Model(out[0], null);
  }

  static async openMemory(data, options = {}) {
    if (!(data instanceof Uint8Array)) throw new TypeError('data: a Uint8Array is needed');
    const out = [null];
    await run('phi_model_open_memory', [data, data.length], options, out);
    return new Model(out[0], data);
  }

  static async convert(source, packed, options = {}) {
    const paths = [cString(source, 'source'), cString(packed, 'packed')];
    await run('phi_model_convert', paths, options);
  }

  static async estimate(path, options = {}, session = {}) {
    const none = new Callbacks();
    const memory = makeStruct('phi_memory');
    const sessionStruct = sessionOptions({ ...session, progress: undefined }, none);
    await run('phi_model_estimate', [cString(path, 'path')], options, sessionStruct, memory);
    return {
      weights: memory.weights,
      cache: memory.cache,
      scratch: memory.scratch,
      peakWhileLoading: memory.peak_while_loading,
      total: memory.total,
    };
  }

  get info() {
    const info = makeStruct('phi_model_info');
    this[handleOf].use((pointer) => call('phi_model_info_get', pointer, info));
    return {
      name: info.name,
      architecture: info.architecture,
      layers: info.layers,
      hidden: info.hidden,
      heads: info.heads,
      kvHeads: info.kv_heads,
      headDim: info.head_dim,
      vocabSize: info.vocab_size,
      context: info.context,
      parameters: info.parameters,
      weightBytes: info.weight_bytes,
      weights: names.nameOf(names.weights, info.weights),
    };
  }

  get tokenizer() {
    return this.#tokenizer;
  }

  close() {
    this.#tokenizer.close();
    this[handleOf].close();
  }

  [Symbol.dispose]() {
    this.close();
  }
}

/** A call that loads: with the struct of `options` between its inputs and its outputs. */
async function run(name, inputs, options, ...outputs) {
  options.signal?.throwIfAborted();
  const callbacks = new Callbacks();
  const struct = modelOptions(options, callbacks);
  try {
    await callAsync(name, ...inputs, struct, ...outputs);
  } catch (problem) {
    callbacks.throwPending(); // the cause of a cancelled call
    const cancelled = problem instanceof PhiError && problem.status === Status.ERR_CANCELLED;
    throw cancelled && options.signal?.aborted ? options.signal.reason : problem;
  } finally {
    callbacks.release();
  }
  callbacks.throwPending();
}
