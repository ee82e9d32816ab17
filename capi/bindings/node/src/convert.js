// Values of JavaScript as C wants them, and back.

import { call } from './library.js';
import { PhiError } from './errors.js';
import { Status } from './constants.js';

/** Text as UTF-8; lone surrogates become U+FFFD. */
export function utf8(text, name) {
  if (typeof text !== 'string') throw new TypeError(`${name}: a string is needed`);
  return Buffer.from(text);
}

/** Text that ends at its NUL, so that it cannot have one inside. */
export function cString(text, name) {
  if (typeof text !== 'string') throw new TypeError(`${name}: a string is needed`);
  if (text.includes('\0')) throw new TypeError(`${name}: has a NUL inside`);
  return text;
}

export function integer(value, name, low, high) {
  if (!Number.isInteger(value)) throw new TypeError(`${name}: an integer is needed`);
  if (value < low || value > high) throw new RangeError(`${name}: ${value} does not fit its type`);
  return value;
}

export const int32 = (value, name) => integer(value, name, -(2 ** 31), 2 ** 31 - 1);
export const uint32 = (value, name) => integer(value, name, 0, 2 ** 32 - 1);

export function uint64(value, name) {
  if (typeof value !== 'bigint') return integer(value, name, 0, Number.MAX_SAFE_INTEGER);
  if (value < 0n || value >= 2n ** 64n) throw new RangeError(`${name}: ${value} does not fit`);
  return value;
}

/** Tokens as the library takes them. An Int32Array is used in place. */
export function cTokens(ids, name = 'ids') {
  if (ids instanceof Int32Array) return ids;
  if (typeof ids === 'string' || typeof ids?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`${name}: an iterable of integers is needed`);
  }
  return Int32Array.from(ids, (id, i) => int32(id, `${name}[${i}]`));
}

/** The messages as an array of phi_message. */
export function cMessages(messages) {
  if (!Array.isArray(messages)) {
    throw new TypeError("messages: an array of {role: 'user', content: '...'} is needed");
  }
  return messages.map(({ role, content }, i) => {
    const bytes = utf8(content, `messages[${i}].content`);
    return {
      role: cString(role, `messages[${i}].role`),
      content: bytes,
      content_bytes: bytes.length,
    };
  });
}

/** Calls what writes a number of things that only it knows, with more room if need be. */
function readSized(ArrayType, guess, name, args) {
  const needed = [0];
  for (let room = guess; ; room = needed[0]) {
    const buffer = new ArrayType(room);
    try {
      call(name, ...args, buffer, room, needed);
      return buffer.subarray(0, needed[0]);
    } catch (problem) {
      const again = problem instanceof PhiError && problem.status === Status.ERR_BUFFER_TOO_SMALL;
      if (!again) throw problem;
    }
  }
}

/** Tokens as a new Int32Array. */
export function readTokens(guess, name, ...args) {
  return readSized(Int32Array, guess, name, args).slice();
}

export function readText(guess, name, ...args) {
  const bytes = readSized(Uint8Array, guess, name, args);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
