import { metrics } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { startTelemetry } from '@verifier-guard/opentelemetry'

/**
 * Serves metrics at `/metrics` on a port of their own, which no caller of the API reaches.
 *
 * @returns ends it
 */
export async function serveMetrics(port: number): Promise<() => Promise<void>> {
  const exporter = new PrometheusExporter({ host: '127.0.0.1', port, preventServerStart: true })
  await exporter.startServer()
  const meterProvider = new MeterProvider({ readers: [exporter] })
  metrics.setGlobalMeterProvider(meterProvider)
  const { stop } = startTelemetry()
  return async () => {
    stop()
    await meterProvider.shutdown()
  }
}
