// What a worker knows besides the operators: the functions that sinks run in threads.
import '../../sinks/object-files.js'
import '../../sinks/text-files.js'
import { createRuntime } from './runtime.js'
import { serve } from './serve.js'

// Piscina wants the handler as the default export.
export default serve(createRuntime)
