import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** A file that grows to its full length over several runs; its SHA-256 is computed while it grows. Close it when done. */
export class PartialFile {
  readonly path: string;
  #handle: FileHandle;
  #hash: Hash;
  #size: number;

  private constructor(path: string, handle: FileHandle, hash: Hash, size: number) {
    this.path = path;
    this.#handle = handle;
    this.#hash = hash;
    this.#size = size;
  }

  /** Opens or creates the file; what an earlier run left is kept and read once, for the checksum. */
  static async open(path: string): Promise<PartialFile> {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, "a+");
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
    return new PartialFile(path, handle, hash, size);
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#handle.appendFile(chunk);
    this.#hash.update(chunk);
    this.#size += chunk.length;
  }

  /** Throws away what is there. */
  async reset(): Promise<void> {
    await this.#handle.truncate(0);
    this.#hash = createHash("sha256");
    this.#size = 0;
  }

  /** Lower-case hexadecimal SHA-256 of the bytes so far. */
  sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  /** After this the bytes survive a power cut. */
  async close(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
  }
}
