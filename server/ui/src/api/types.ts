import type { components } from "./schema";

type Schemas = components["schemas"];

export type Boot = Schemas["Boot"];
export type Experiment = Schemas["Experiment"];
export type ExperimentPage = Schemas["ExperimentPage"];
export type ExperimentDetail = Schemas["ExperimentDetail"];
export type Fields = Schemas["ProjectFields"];
export type ProjectSummary = Schemas["ProjectSummary"];
export type Status = Experiment["status"];
export type SeriesRequest = Schemas["SeriesRequest"];
export type SeriesAnswer = Schemas["SeriesAnswer"];
export type ApiSeries = SeriesAnswer["series"][number];
export type RawSeries = Schemas["RawSeries"];
export type BucketSeries = Schemas["BucketSeries"];
