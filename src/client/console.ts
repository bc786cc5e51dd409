/**
 * What a script adds to the operator's console (/console.js): news of the payment that is looked at, charts, copy
 * buttons, local times. Each page can be read and acted upon without it.
 */
import { drawCharts } from "./console-charts.ts";
import { enableCopying } from "./console-copy.ts";
import { followPayment } from "./console-live.ts";
import { showLocalTimes } from "./console-times.ts";

showLocalTimes(document.body);
enableCopying();
drawCharts();
const payment = document.querySelector<HTMLElement>("main#payment");
if (payment) {
  followPayment(payment);
}
