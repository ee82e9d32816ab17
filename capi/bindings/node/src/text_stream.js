// Tokens, one at a time, to text that can be shown at once.

import koffi from 'koffi';
import { makeStruct } from './abi.js';
import { cString, int32 } from './convert.js';
import { Status } from './constants.js';
import { Handle } from './handle.js';
import { call, library } from './library.js';
import { handleOf } from './tokenizer.js';

export class TextStream {
  #stopped = false;

  constructor(tokenizer, { stops = [], keepSpecials = false } = {}) {
    if (!Array.isArray(stops)) throw new TypeError('stops: an array of strings is needed');
    const options = makeStruct('phi_stream_options', {
      keep_specials: keepSpecials ? 1 : 0,
      stops: stops.map((stop, i) => cString(stop, `stops[${i}]`)),
      stop_count: stops.length,
    });
    const out = [null];
    const from = tokenizer[handleOf];
    from.use((pointer) => call('phi_stream_create', pointer, options, out));
    this[handleOf] = new Handle(this, out[0], library().phi_stream_free, 'text stream', {
      keep: from.keep,
    });
  }

  push(token) {
    return this.#text('phi_stream_push', int32(token, 'token'));
  }

  flush() {
    const text = this.#text('phi_stream_flush');
    this.#stopped = false;
    return text;
  }

  get stopped() {
    return this.#stopped;
  }

  #text(name, ...args) {
    return this[handleOf].use((pointer) => {
      const [text, size] = [[null], [0]];
      this.#stopped = call(name, pointer, ...args, text, size) === Status.END;
      return size[0] === 0 ? '' : koffi.decode.string(text[0], size[0]);
    });
  }

  close() {
    this[handleOf].close();
  }

  [Symbol.dispose]() {
    this.close();
  }
}
