// Options of the user as structs of the library.

import koffi from 'koffi';
import { KeepGoing, Log, makeStruct } from './abi.js';
import { cTokens, int32, uint32, uint64 } from './convert.js';
import * as names from './constants.js';

const { nameOf, numberOf } = names;

/** The callbacks of one options struct: registered until they are released. */
export class Callbacks {
  #registered = [];
  #raised = [];

  /**
   * `progress` is asked whether to go on, `signal` too. What it throws ends the call, and is thrown
   * where the call was made.
   */
  keepGoing(progress, signal) {
    if (!progress && !signal) return null;
    return this.#register(KeepGoing, (_user, done) => {
      if (this.#raised.length > 0 || signal?.aborted) return 0;
      return progress?.(done) === false ? 0 : 1;
    });
  }

  log(log) {
    if (!log) return null;
    return this.#register(Log, (_user, level, line) => log(nameOf(names.logLevel, level), line));
  }

  #register(type, callback) {
    const pointer = koffi.register((...args) => {
      try {
        return callback(...args);
      } catch (problem) {
        this.#raised.push(problem);
        return 0;
      }
    }, type);
    this.#registered.push(pointer);
    return pointer;
  }

  /** Throws what a callback has thrown since the last time. */
  throwPending() {
    const [problem] = this.#raised.splice(0);
    if (problem !== undefined) throw problem;
  }

  release() {
    this.#registered.splice(0).forEach((pointer) => koffi.unregister(pointer));
  }
}

/** What the options of models and sessions have in common. */
function threadOptions(options) {
  return {
    threads: int32(options.threads ?? 0, 'threads'),
    pin: numberOf(names.pin, options.pin ?? 'none', 'pin'),
    priority: numberOf(names.priority, options.priority ?? 'normal', 'priority'),
  };
}

export function modelOptions(options, callbacks) {
  return makeStruct('phi_model_options', {
    ...threadOptions(options),
    weights: numberOf(names.weights, options.weights ?? 'as-stored', 'weights'),
    isa: numberOf(names.isa, options.isa ?? 'best', 'isa'),
    memory_limit_bytes: uint64(options.memoryLimitBytes ?? 0, 'memoryLimitBytes'),
    keep_going: callbacks.keepGoing(options.progress, options.signal),
    log: callbacks.log(options.log),
    repack: numberOf(names.repack, options.repack ?? 'when-faster', 'repack'),
  });
}

/** The struct refers to arrays: keep it until the call has returned. */
export function sampling(options) {
  const bias = [...(options.bias ?? [])];
  const stopTokens = cTokens(options.stopTokens ?? [], 'stopTokens');
  return makeStruct('phi_sampling', {
    top_k: uint32(options.topK ?? 0, 'topK'),
    temperature: options.temperature ?? 0,
    top_p: options.topP ?? 0,
    min_p: options.minP ?? 0,
    repeat_penalty: options.repeatPenalty ?? 0,
    presence_penalty: options.presencePenalty ?? 0,
    frequency_penalty: options.frequencyPenalty ?? 0,
    penalty_window: uint32(options.penaltyWindow ?? 0, 'penaltyWindow'),
    ignore_end: options.ignoreEnd ? 1 : 0,
    seed: uint64(options.seed ?? 0, 'seed'),
    bias_tokens: cTokens(
      bias.map(([token]) => token),
      'bias',
    ),
    biases: Float32Array.from(bias, ([, value]) => value),
    bias_count: bias.length,
    stop_tokens: stopTokens,
    stop_count: stopTokens.length,
  });
}

export function sessionOptions(options, callbacks) {
  return makeStruct('phi_session_options', {
    ...threadOptions(options),
    context: uint32(options.context ?? 0, 'context'),
    kv: numberOf(names.kv, options.kv ?? 'bf16', 'kv'),
    keep_going: callbacks.keepGoing(options.progress),
    sampling: sampling(options.sampling ?? {}),
    precision: numberOf(names.precision, options.precision ?? 'standard', 'precision'),
  });
}
