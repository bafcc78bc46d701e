// Short names of the generated types (`npm run types`, from the server's OpenAPI document).
import type { components } from './schema';

type Schemas = components['schemas'];
export type RunRow = Schemas['RunRow'];
export type RunRows = Schemas['Rows_RunRow_'];
export type RunDetail = Schemas['RunDetail'];
export type StageState = Schemas['StageState'];
export type LogLines = Schemas['LogLines'];
export type FolderRow = Schemas['FolderRow'];
export type FolderView = Schemas['FolderView'];
export type Words = Schemas['Words'];
export type AbsentView = Schemas['AbsentView'];
export type PanelView = Schemas['PanelView'];
export type TopicRow = Schemas['TopicRow'];
export type TopicView = Schemas['TopicView'];
export type PlanetRow = Schemas['PlanetRow'];
export type PlanetRows = Schemas['Rows_PlanetRow_'];
export type PlanetView = Schemas['PlanetView'];
export type LightCurveWindow = Schemas['LightCurveWindow'];
export type Comparison = Schemas['Comparison'];
export type SpectraTogether = Schemas['SpectraTogether'];
export type Changes = Schemas['Changes'];
