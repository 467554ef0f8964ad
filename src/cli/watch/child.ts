// The process that `millrace run --watch` restarts: reports the modules that it imports, then runs the command.
import { reportImports } from './report-imports.js'

reportImports((url) => process.send?.({ imported: url }))
// Without its supervisor it ends as by a signal.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
await import('../main.js')
