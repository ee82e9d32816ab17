export { PhiError } from './errors.js';
export { Status } from './constants.js';
export { abiVersion, loadLibrary, version } from './library.js';
export { Model } from './model.js';
export { Reply } from './reply.js';
export { Session } from './session.js';
export { TextStream } from './text_stream.js';
export { Tokenizer } from './tokenizer.js';
