// What the calls of this package throw.

import { nameOf, Status } from './constants.js';

/** A call of the library failed. */
export class PhiError extends Error {
  /**
   * @param {number} status below 0
   * @param {string} message one line that names the file, tensor, field or value at fault
   */
  constructor(status, message) {
    super(message);
    const name = nameOf(Status, status);
    this.name = 'PhiError';
    this.code = typeof name === 'string' ? `PHI_${name}` : 'PHI_UNKNOWN';
    this.status = status;
  }
}
