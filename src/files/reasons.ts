import { FileSystemError, type FileSystemReason } from '../errors.js'

/** Returns whether an error of a file system has this reason. */
export function hasReason(error: unknown, reason: FileSystemReason): error is FileSystemError {
  return error instanceof FileSystemError && error.reason === reason
}

/** Resolves with undefined if the call rejects with the reason `missing`. */
export async function orMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (hasReason(error, 'missing')) return undefined
    throw error
  }
}
