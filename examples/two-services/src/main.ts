import { runScenario } from './scenario.js'

const { failures } = await runScenario((text) => console.log(text))
process.exitCode = failures === 0 ? 0 : 1
