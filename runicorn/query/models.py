"""Questions and answers: the shapes that the Python API, the server and the page share.

Times are UTC seconds as float. What is drawn is never bigger than the screen: series come back as
raw points or as buckets on a power-of-two grid.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["running", "finished", "failed", "interrupted", "killed", "lost"]


class Question(BaseModel):
    """Base of everything a client sends: unknown keys are an error that names them."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """Something of a run that can't be read, with its place."""

    file: str
    offset: int
    message: str


class Experiment(BaseModel):
    """One run as the index knows it."""

    id: str
    project: str
    name: str
    status: Status
    created_at: float
    updated_at: float
    started_at: float | None
    ended_at: float | None
    duration_s: float | None
    exit_reason: str | None
    best_metric_name: str | None
    best_metric_value: float | str | None = Field(
        description="A text (`NaN`, `Infinity`, `-Infinity`) where it is not finite."
    )
    best_metric_step: int | None
    tags: list[str]
    hostname: str | None
    pid: int | None
    run_dir: str
    attempt: int
    slot: int = Field(description="Ordinal of the run in its project; its colour is slot mod 10.")
    n_problems: int
    is_deleted: bool
    config: dict[str, Any] = Field(description="The config values asked for, by path.")
    summary: dict[str, float | str | None] = Field(
        description="The value of each metric asked for, the last one where no other was named."
    )


class ExperimentQuery(Question):
    """Which runs, in which order, which page."""

    project: str | None = None
    name: str | None = None
    status: list[Status] = []
    tags: list[str] = Field(default=[], description="Runs that have all of these.")
    search: str | None = Field(
        default=None, description="A part of the name, id, project, notes or a tag."
    )
    filter: str | None = Field(
        default=None, description="The filter language, such as `cfg.lr<1e-2 val/acc.max>0.9`."
    )
    created_after: float | None = Field(default=None, description="`[s]`, inclusive")
    created_before: float | None = Field(default=None, description="`[s]`, inclusive")
    best_metric_min: float | None = None
    best_metric_max: float | None = None
    include_deleted: bool = False
    only_deleted: bool = Field(default=False, description="Only runs in the recycle bin.")
    page: int = Field(default=1, ge=1)
    per_page: int = Field(default=50, ge=1, le=1000)
    order_by: str = Field(
        default="created_at",
        description=(
            "`created_at`, `updated_at`, `started_at`, `ended_at`, `duration_s`, "
            "`best_metric_value`, `status`, `name`, `project`, `id`, `cfg.<path>`, its last parts "
            "where no other ends so, or a metric with its value as in `val/acc@max` (the last one "
            "where nothing is said). Runs without it come last in both directions."
        ),
    )
    order_desc: bool = True
    columns: list[str] = Field(
        default=[],
        description=(
            "`cfg.<path>` and metrics, their last value or another as in `val/acc@max`, to put "
            "into `config` and `summary`."
        ),
    )


class ExperimentPage(BaseModel):
    """One page of runs."""

    experiments: list[Experiment]
    total: int = Field(description="How many runs match, on all pages.")
    page: int
    per_page: int
    has_next: bool
    has_prev: bool
    query_time_ms: float


class StepRange(BaseModel):
    """First and last step; both ``None`` where there is no point."""

    min: int | None
    max: int | None


class MetricsSummary(BaseModel):
    """What a run has logged, in one glance."""

    total_data_points: int = Field(description="Points (key, step, value) of the current path.")
    available_metrics: list[str]
    step_range: StepRange


class ExperimentDetail(BaseModel):
    """One run, whole."""

    experiment: Experiment = Field(
        description="With the whole config, nested, and the last value of every metric."
    )
    outputs: dict[str, Any] = Field(description="What the run's summary holds.")
    metrics_summary: MetricsSummary
    environment_available: bool
    file_count: int
    problems: list[Problem]


class AppliedFilters(BaseModel):
    """What a metrics answer was narrowed to."""

    metrics: list[str] | None
    step_range: StepRange | None
    downsampled: bool


class MetricsTable(BaseModel):
    """One row a step, one column a metric; NaN and infinities are ``None``."""

    columns: list[str]
    rows: list[dict[str, float | int | str | None]]
    query_time_ms: float
    total_points: int = Field(description="Rows before downsampling.")
    applied_filters: AppliedFilters


class ProjectSummary(BaseModel):
    """One project."""

    project: str
    n_runs: int
    n_running: int
    last_activity_at: float


class FieldCount(BaseModel):
    """A metric or a config path and how many runs of the project have it."""

    key: str
    n_runs: int


class ProjectFields(BaseModel):
    """What the runs of a project have in common."""

    metrics: list[FieldCount]
    config: list[FieldCount]


class XAxis(Question):
    """The x axis and the range asked for, both ends inclusive."""

    kind: Literal["step"] = "step"
    start: int | None = Field(default=None, alias="from")
    stop: int | None = Field(default=None, alias="to")
    scale: Literal["lin"] = "lin"


class SeriesRequest(Question):
    """Many runs by many metrics at a pixel width."""

    runs: Annotated[list[str], Field(min_length=1, max_length=64)]
    metrics: Annotated[list[str], Field(min_length=1, max_length=64)]
    x: XAxis = XAxis()
    px: int = Field(default=480, ge=1, le=2048, description="Plot width in device pixels.")
    want: list[Literal["last", "min", "max"]] = ["last", "min", "max"]
    have: dict[str, str] = Field(
        default={}, description="Cursors of earlier answers by `<run>|<metric>`."
    )
    format: Literal["json"] = "json"


class XGrid(BaseModel):
    """The x axis of an answer; the grid itself is told per series."""

    kind: Literal["step"] = "step"


class MissingSeries(BaseModel):
    """The run has no such metric."""

    form: Literal["missing"] = "missing"
    run: str
    metric: str


class RawSeries(BaseModel):
    """Every logged point of the range, in order of step."""

    form: Literal["raw"] = "raw"
    run: str
    metric: str
    n: int = Field(description="Points logged, non-finite ones included.")
    n_range: int = Field(description="Points inside of the range.")
    x: list[int]
    y: list[float | None] = Field(description="``null`` where the value is not finite.")
    nonfinite: list[tuple[int, Literal["nan", "inf", "-inf"], int]] = Field(
        description="(index into x, kind, 1)"
    )
    attempts: list[tuple[int, int]] = Field(description="(first index, attempt)")
    le0: int = Field(description="Finite values of the range that are 0 or below.")
    cursor: str
    is_delta: bool = Field(
        default=False, description="Only what is new since the cursor in `have`."
    )


class BucketSeries(BaseModel):
    """The range cut into buckets of `unit` steps with edges at multiples of `unit`."""

    form: Literal["bucket"] = "bucket"
    run: str
    metric: str
    n: int = Field(description="Points logged, non-finite ones included.")
    n_range: int = Field(description="Points inside of the range.")
    unit: int = Field(description="Width of a bucket `[steps]`, 2 to the power of `level`.")
    level: int
    b: list[int] = Field(description="Index of each non-empty bucket: step // unit.")
    x: list[int] = Field(description="Step of the last point of each bucket.")
    x_start: int | None = Field(
        description="Step of the first value; of the first point if `first[0]` is null."
    )
    x_peak: int | None = Field(description="First step of the highest value told.")
    first: list[float | None]
    last: list[float | None]
    min: list[float | None]
    max: list[float | None]
    cnt: list[int]
    nonfinite: list[tuple[int, Literal["nan", "inf", "-inf"], int]] = Field(
        description="(position in b, kind, count)"
    )
    attempts: list[tuple[int, int]] = Field(description="(first position in b, attempt)")
    le0: int = Field(description="Finite values of the range that are 0 or below.")
    cursor: str
    is_delta: bool = Field(
        default=False, description="Only what is new or changed since the cursor in `have`."
    )


Series = Annotated[RawSeries | BucketSeries | MissingSeries, Field(discriminator="form")]


class SeriesAnswer(BaseModel):
    """One entry a run and metric, in the order of the request (runs outside, metrics inside)."""

    rev: str
    x: XGrid
    series: list[Series]


class CatchUpReport(BaseModel):
    """What one catch-up did."""

    added: list[str] = Field(default=[], description="Runs seen for the first time.")
    changed: list[str] = Field(default=[], description="Runs with new points or documents.")
    removed: list[str] = Field(default=[], description="Runs whose folder is gone.")
    n_points: int = 0
    is_listed: bool = Field(
        default=True, description="False when the budget ended it before all runs were listed."
    )
    is_complete: bool = Field(default=True, description="False when the budget ended it early.")
