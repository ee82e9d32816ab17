// Text to tokens and back.

import { makeStruct } from './abi.js';
import { cMessages, cString, cTokens, readText, readTokens, utf8 } from './convert.js';
import { Handle } from './handle.js';
import { call, callAsync, library } from './library.js';

export const handleOf = Symbol('handle');

export class Tokenizer {
  /** Not for users: see open() and Model.tokenizer. */
  constructor(pointer, free, keep = null) {
    this[handleOf] = new Handle(this, pointer, free, 'tokenizer', { keep });
  }

  static async open(path) {
    const out = [null];
    await callAsync('phi_tokenizer_open', cString(path, 'path'), out);
    return new Tokenizer(out[0], library().phi_tokenizer_free);
  }

  /** The model's tokenizer, which keeps the model's memory while it is open. */
  static ofModel(model) {
    const pointer = library().phi_model_tokenizer(model.enter());
    return new Tokenizer(pointer, () => model.leave(), model.keep);
  }

  get info() {
    const info = makeStruct('phi_tokenizer_info');
    this[handleOf].use((pointer) => call('phi_tokenizer_info_get', pointer, info));
    return {
      vocabSize: info.vocab_size,
      bos: info.bos < 0 ? null : info.bos,
      pad: info.pad < 0 ? null : info.pad,
      addsBos: info.adds_bos !== 0,
      end: [...info.end].slice(0, info.end_count),
    };
  }

  encode(text, { parseSpecials = false } = {}) {
    const bytes = utf8(text, 'text');
    return this[handleOf].use((pointer) =>
      readTokens(
        (bytes.length >> 1) + 16,
        'phi_tokenizer_encode',
        pointer,
        bytes,
        bytes.length,
        parseSpecials ? 1 : 0,
      ),
    );
  }

  encodeChat(messages, { addGenerationPrompt = true } = {}) {
    const { chat, bytes } = measured(messages);
    return this[handleOf].use((pointer) =>
      readTokens(
        (bytes >> 1) + 16 * chat.length + 16,
        'phi_tokenizer_encode_chat',
        pointer,
        chat,
        chat.length,
        addGenerationPrompt ? 1 : 0,
      ),
    );
  }

  renderChat(messages, { addGenerationPrompt = true } = {}) {
    const { chat, bytes } = measured(messages);
    return this[handleOf].use((pointer) =>
      readText(
        bytes + 64 * chat.length + 64,
        'phi_tokenizer_render_chat',
        pointer,
        chat,
        chat.length,
        addGenerationPrompt ? 1 : 0,
      ),
    );
  }

  renderChatJson(chat) {
    const json = Buffer.from(JSON.stringify(chat));
    return this[handleOf].use((pointer) =>
      readText(json.length + 256, 'phi_tokenizer_render_chat_json', pointer, json, json.length),
    );
  }

  decode(ids, { keepSpecials = false } = {}) {
    const tokens = cTokens(ids);
    return this[handleOf].use((pointer) =>
      readText(
        8 * tokens.length + 16,
        'phi_tokenizer_decode',
        pointer,
        tokens,
        tokens.length,
        keepSpecials ? 1 : 0,
      ),
    );
  }

  close() {
    this[handleOf].close();
  }

  [Symbol.dispose]() {
    this.close();
  }
}

/** Messages for the library, and how many bytes of text they have. */
function measured(messages) {
  const chat = cMessages(messages);
  return { chat, bytes: chat.reduce((sum, message) => sum + message.content_bytes, 0) };
}
