/**
 * @file The views that the report has, too. They have no JSX pragma: the bundle makes them Preact's, the report
 * `hono/jsx`'s. The compiler only knows the latter, hence the casts.
 */

import type { FunctionComponent } from "preact";
import type { BarChartProps, LineChartProps } from "../views/chart.tsx";
import * as chart from "../views/chart.tsx";
import type { LineageProps } from "../views/lineage.tsx";
import * as lineage from "../views/lineage.tsx";
import type { ScreenProps } from "../views/screen.tsx";
import * as screen from "../views/screen.tsx";
import * as tables from "../views/tables.tsx";

const ours = <P>(view: (props: P) => unknown) => view as unknown as FunctionComponent<P>;

export const LineChart = ours<LineChartProps>(chart.LineChart);
export const BarChart = ours<BarChartProps>(chart.BarChart);
export const LineageTree = ours<LineageProps>(lineage.LineageTree);
export const Screen = ours<ScreenProps>(screen.Screen);
export const BeforeAfterTable = ours<Parameters<typeof tables.BeforeAfterTable>[0]>(tables.BeforeAfterTable);
export const JudgeTable = ours<Parameters<typeof tables.JudgeTable>[0]>(tables.JudgeTable);
export const OnceTable = ours<Parameters<typeof tables.OnceTable>[0]>(tables.OnceTable);
export const ConfusionTable = ours<Parameters<typeof tables.ConfusionTable>[0]>(tables.ConfusionTable);
