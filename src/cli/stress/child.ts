import type { StressConfig } from './report.js'
import { runPipeline } from './stress-run.js'

const report = await runPipeline(JSON.parse(process.argv[2]!) as StressConfig)
process.send!(report, () => process.exit(0))
