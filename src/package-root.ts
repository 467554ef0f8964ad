/**
 * The folder that holds the package's files: worker entries, the kernels, modules of child processes. Found from here,
 * as a module's own place is lost when modules are bundled.
 */
export const PACKAGE_ROOT = new URL('.', import.meta.url)
