import { createRuntime } from './runtime.js'
import { serve } from './serve.js'

// Piscina wants the handler as the default export.
export default serve(createRuntime)
