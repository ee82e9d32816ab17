// Owning handles: closed once, never used after that, and never freed under a running call.

// Closes what nobody refers to any more and nobody closed.
const forgotten = new FinalizationRegistry((handle) => handle.close());

/**
 * A pointer of the library, and when to free it: once it is closed, no call uses it, and nobody has
 * borrowed its memory.
 */
export class Handle {
  #pointer;
  #free;
  #name;
  #exclusive;
  #uses = 0;
  #closed = false;

  /**
   * @param owner the object that users see, which must not be reachable from the handle
   * @param {{exclusive?: boolean, keep?: unknown}} options keep: what the pointer needs while it lives
   */
  constructor(owner, pointer, free, name, { exclusive = false, keep = null } = {}) {
    this.#pointer = pointer;
    this.#free = free;
    this.#name = name;
    this.#exclusive = exclusive;
    this.keep = keep;
    forgotten.register(owner, this, this);
  }

  /** Begins a use, which leave() ends. */
  enter() {
    if (this.#closed) throw new Error(`${this.#name} is closed`);
    if (this.#exclusive && this.#uses > 0) {
      throw new Error(`${this.#name} is in use: await the call that runs`);
    }
    ++this.#uses;
    return this.#pointer;
  }

  leave() {
    --this.#uses;
    this.#freeIfUnused();
  }

  /** One use, for a function that does not wait. */
  use(work) {
    const pointer = this.enter();
    try {
      return work(pointer);
    } finally {
      this.leave();
    }
  }

  /** Calls what may be called beside a running use. Does nothing once the handle is closed. */
  interrupt(work, { evenIdle = true } = {}) {
    if (!this.#closed && (evenIdle || this.#uses > 0)) work(this.#pointer);
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    forgotten.unregister(this);
    this.#freeIfUnused();
  }

  #freeIfUnused() {
    if (!this.#closed || this.#uses > 0 || this.#pointer === null) return;
    const pointer = this.#pointer;
    this.#pointer = null;
    this.#free(pointer);
    this.keep = null;
  }
}
