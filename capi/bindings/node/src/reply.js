// An answer as an async iterator over its text.

import { TextStream } from './text_stream.js';

export class Reply {
  tokens = [];
  finish = null;
  #session;
  #messages;
  #maxTokens;
  #stream;
  #signal;
  #controller = new AbortController();
  #done = false;

  /** Not for users: see Session.reply() and Session.generate(). */
  constructor(session, tokenizer, messages, { stops = [], maxTokens = Infinity, signal } = {}) {
    this.#session = session;
    this.#messages = messages;
    this.#maxTokens = maxTokens;
    this.#signal = signal;
    this.#stream = new TextStream(tokenizer, { stops });
    signal?.addEventListener('abort', this.#onAbort);
  }

  #onAbort = () => this.#controller.abort(this.#signal.reason);

  [Symbol.asyncIterator]() {
    return this;
  }

  /** The next piece of text, never empty. */
  async next() {
    try {
      this.#signal?.throwIfAborted();
      while (!this.#done) {
        const value = await this.#step();
        if (this.finish !== null) this.close();
        if (value !== '') return { value, done: false };
      }
    } catch (problem) {
      const askedFor = this.#done;
      this.close();
      if (!askedFor) throw problem;
    }
    return { value: undefined, done: true };
  }

  async return() {
    this.close();
    return { value: undefined, done: true };
  }

  /** Ends the reply, in the middle of a call too. */
  close() {
    if (this.#done) return;
    this.#done = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#controller.abort();
    this.#stream.close();
  }

  async [Symbol.asyncDispose]() {
    this.close();
  }

  /** One token further; its text may be empty. */
  async #step() {
    const { signal } = this.#controller;
    if (this.#messages !== null) {
      const messages = this.#messages;
      this.#messages = null;
      await this.#session.appendChat(messages, { signal });
    }
    if (this.tokens.length >= this.#maxTokens) {
      this.finish = 'length';
      return this.#stream.flush();
    }
    const { token, end } = await this.#session.next({ signal });
    this.tokens.push(token);
    if (end) {
      this.finish = 'end';
      return this.#stream.flush();
    }
    const text = this.#stream.push(token);
    if (this.#stream.stopped) this.finish = 'stop';
    return text;
  }
}
