/* Generated from api/openapi.yaml by `npm run generate -w backend-bridge`. Do not edit. */
/* eslint-disable */

export interface paths {
    "/api/v1/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The catalogue, with all that an editor needs. */
        get: operations["listMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics/{metric}/dimensions/{dimension}/values": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Known values of a dimension, for variables and ad-hoc filters. */
        get: operations["listDimensionValues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Points of a metric over a range. */
        post: operations["query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Last value, change and statistics of each series over a range.
         * @description Always at the window's own step, whatever step is asked, over closed windows, and open ones too with `include_open`.
         */
        post: operations["summary"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Events of an event metric, the newest first. */
        post: operations["queryEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/forecast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What each step was expected to be, its band and score, and the steps ahead.
         * @description Capability `forecast`. The selectors are those of /query, and so are the actual values, of closed steps only. What is expected of a step depends on the closed steps before it and on this request, and on nothing else: every bridge gives the same bits, and a correction changes the steps behind it. Past steps are given as they were expected before they closed. Where the range reaches the first step that has not closed, the steps ahead follow, up to `horizon_ms`. Until enough is known of a series its `state` is `learning`, and nothing is expected.
         */
        post: operations["forecast"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/backtest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * How good the forecasts of a range were, and when a rule on the score would have fired.
         * @description Capability `backtest`. Takes what /forecast takes, and judges the closed steps of the range, each as it was expected before it closed.
         */
        post: operations["backtest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inspect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What a topic's records are, and a mapping for them.
         * @description Capability `inspect`. Reads some records of a topic, the oldest and the newest of each partition, without a consumer group, and proposes a metrics file. Nothing is written. A topic that is missing is `not_found`; one that is empty, may not be read, or whose records show no windows of numbers is `not_inspectable`, with the reason. A token with fixed filters is `forbidden`, because records are read unfiltered.
         */
        post: operations["inspect"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The faults of a metrics file, and what the newest records of its topics would become.
         * @description Capability `inspect`. Reads the newest hundred records of each topic with the mapping that is sent; the bridge's own mapping stays as it is. Schema files that it names are looked for beside the bridge's metrics file. A token with fixed filters is `forbidden`.
         */
        post: operations["check"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ingest/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Raw events for the embedded pipeline.
         * @description Accepts what it can, and names each event that it refuses: `accepted` and `rejected` add up to the events sent. The accepted ones are counted in one transaction and durable when the answer comes. An error says that none of them was counted; after a connection that broke without an answer they were counted all or none. Event times more than a minute ahead of the bridge's clock are refused. So are, for a token with fixed filters, events whose `user_id`, or whose segment by the user's profile, the filters exclude; filters on other dimensions make the call `forbidden`. Where the source is Kafka: `ingest_disabled`.
         */
        post: operations["ingestEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ingest/profiles/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * A user's profile, for the embedded pipeline.
         * @description `forbidden` where a token's fixed filters exclude the user, the segment, or the segment that the user has now.
         */
        put: operations["putProfile"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Version, capabilities and the state of every hop.
         * @description Scope `observe`. Answers 200 also when hops fail. A token with fixed filters sees no counts of others, and of a failure only which hop it is.
         */
        get: operations["status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Freshness, lag, dead letters, records and clients over a range.
         * @description Scope `observe`; capability `status_history`. What /status said, recorded every ten seconds in the memory of this bridge: it begins when this bridge started, reaches `retention_ms` back (24 hours, with very many metrics less), and is not shared between bridges. A token with fixed filters sees the freshness of its own metrics only.
         */
        get: operations["statusHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process is alive. Needs no token. */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the source has joined its group and the store takes writes. Needs no token. */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prometheus metrics. A token with fixed filters gets only the watermarks of what it may see.
         * @description Scope `observe`.
         */
        get: operations["prometheus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Integer milliseconds since 1970, UTC. */
        TimeMs: number;
        /** @description Dimension name to value. A combined series has only the dimensions it was grouped by. */
        Labels: {
            [key: string]: string;
        };
        Filter: {
            dimension: string;
            /**
             * @description `=` any of the values, `!=` none of them, `=~` and `!~` the same with patterns in RE2 syntax, matched in full.
             * @enum {string}
             */
            op: "=" | "!=" | "=~" | "!~";
            /** @description A pattern has at most 1,000 characters; `invalid_regex` otherwise. */
            values: string[];
        };
        /** @description A series must pass all of them. */
        Filters: components["schemas"]["Filter"][];
        /** @description Dimensions to keep; the rest is combined, window by window. Empty: all series become one. Absent: every series on its own. */
        GroupBy: string[];
        MetricName: string;
        /** @description Default: `value`. */
        MeasureName: string;
        /**
         * @description How the windows of one step become one value. Default: the measure's own rule. `sum` is refused for overlapping windows (`invalid_over_time`), and any rule by which a measure does not combine (`not_combinable`). The catalogue lists the rules of each measure.
         * @enum {string}
         */
        OverTime: "avg" | "sum" | "min" | "max" | "last";
        /** @description Rounded up to the ladder of the metric; the answer says which step was taken. Wins over `max_points`. */
        StepMs: number;
        /** @description Takes the first step of the ladder that gives at most this many points per series over the range. */
        MaxPoints: number;
        QueryRequest: {
            metric: components["schemas"]["MetricName"];
            measure?: components["schemas"]["MeasureName"];
            from_ms: components["schemas"]["TimeMs"];
            to_ms: components["schemas"]["TimeMs"];
            filters?: components["schemas"]["Filters"];
            group_by?: components["schemas"]["GroupBy"];
            step_ms?: components["schemas"]["StepMs"];
            max_points?: components["schemas"]["MaxPoints"];
            over_time?: components["schemas"]["OverTime"];
            /**
             * @description What stands for a window or step without a value, `zero`, `null`, or nothing at all. Gaps are filled only where windows have begun for certain (up to the watermark, or to where the clock has closed windows), in series that have a point in the range, and never past the retention. Sessions are not filled.
             * @default none
             * @enum {string}
             */
            fill?: "none" | "zero" | "null";
            /**
             * @description Windows that may still change are in the answer too.
             * @default true
             */
            include_open?: boolean;
            /**
             * @description Adds `revisions`, `removed` and `removed_revisions` to each series.
             * @default false
             */
            include_revisions?: boolean;
        };
        /** @description The same selectors as of /query. Those of steps and filling have no effect here. */
        SummaryRequest: {
            metric: components["schemas"]["MetricName"];
            measure?: components["schemas"]["MeasureName"];
            from_ms: components["schemas"]["TimeMs"];
            to_ms: components["schemas"]["TimeMs"];
            filters?: components["schemas"]["Filters"];
            group_by?: components["schemas"]["GroupBy"];
            step_ms?: components["schemas"]["StepMs"];
            max_points?: components["schemas"]["MaxPoints"];
            over_time?: components["schemas"]["OverTime"];
            /**
             * @description Windows that may still change count too.
             * @default false
             */
            include_open?: boolean;
        };
        /** @description As in /query; from 1 minute to 1 day. Default: without `max_points` the shortest step from one minute on of which two weeks are kept. Forecasts of different steps are different forecasts. */
        ForecastStepMs: number;
        /**
         * @description What a closed step without a value is: `none`, unknown (it neither teaches nor has a score), or `zero`, for counts and sums whose stream writes nothing where nothing happened.
         * @default none
         * @enum {string}
         */
        ForecastFill: "none" | "zero";
        /**
         * @description Share of the steps that `lower` to `upper` should hold, from 0.5 to 0.999.
         * @default 0.95
         */
        ForecastInterval: number;
        /**
         * @description `auto`: the day, and the week as far as the data shows one. `day`: all days are alike. `week`: nothing is expected before two weeks are there.
         * @default auto
         * @enum {string}
         */
        ForecastSeasons: "auto" | "day" | "week";
        /**
         * @description IANA name, e.g. `Europe/Berlin`; days begin by its wall clock, also after the clocks have changed.
         * @default UTC
         */
        ForecastTimeZone: string;
        /** @description Local dates, e.g. `2026-12-24`, that neither teach nor have a score. They are expected to be like Sundays. */
        ForecastHolidays: string[];
        /**
         * @description Which side counts; the score of the other one is 0.
         * @default both
         * @enum {string}
         */
        AnomalyDirection: "up" | "down" | "both";
        /**
         * @description A step that is nearer to what was expected has the score 0. In the unit of the measure.
         * @default 0
         */
        AnomalyMinChange: number;
        ForecastRequest: {
            metric: components["schemas"]["MetricName"];
            measure?: components["schemas"]["MeasureName"];
            from_ms: components["schemas"]["TimeMs"];
            to_ms: components["schemas"]["TimeMs"];
            filters?: components["schemas"]["Filters"];
            group_by?: components["schemas"]["GroupBy"];
            step_ms?: components["schemas"]["ForecastStepMs"];
            max_points?: components["schemas"]["MaxPoints"];
            over_time?: components["schemas"]["OverTime"];
            fill?: components["schemas"]["ForecastFill"];
            interval?: components["schemas"]["ForecastInterval"];
            seasons?: components["schemas"]["ForecastSeasons"];
            time_zone?: components["schemas"]["ForecastTimeZone"];
            holidays?: components["schemas"]["ForecastHolidays"];
            direction?: components["schemas"]["AnomalyDirection"];
            min_change?: components["schemas"]["AnomalyMinChange"];
            /**
             * @description How far ahead of the first step that has not closed, at most 14 days. 0, no steps ahead.
             * @default 86400000
             */
            horizon_ms?: number;
        };
        BacktestRequest: {
            metric: components["schemas"]["MetricName"];
            measure?: components["schemas"]["MeasureName"];
            from_ms: components["schemas"]["TimeMs"];
            to_ms: components["schemas"]["TimeMs"];
            filters?: components["schemas"]["Filters"];
            group_by?: components["schemas"]["GroupBy"];
            step_ms?: components["schemas"]["ForecastStepMs"];
            max_points?: components["schemas"]["MaxPoints"];
            over_time?: components["schemas"]["OverTime"];
            fill?: components["schemas"]["ForecastFill"];
            interval?: components["schemas"]["ForecastInterval"];
            seasons?: components["schemas"]["ForecastSeasons"];
            time_zone?: components["schemas"]["ForecastTimeZone"];
            holidays?: components["schemas"]["ForecastHolidays"];
            direction?: components["schemas"]["AnomalyDirection"];
            min_change?: components["schemas"]["AnomalyMinChange"];
            /**
             * @description Anomalous steps in a row before the rule fires.
             * @default 1
             */
            for_steps?: number;
        };
        InspectRequest: {
            topic: string;
        };
        CheckRequest: {
            /** @description The text of a metrics file. */
            metrics_file: string;
        };
        EventsRequest: {
            metric: components["schemas"]["MetricName"];
            from_ms: components["schemas"]["TimeMs"];
            to_ms: components["schemas"]["TimeMs"];
            filters?: components["schemas"]["Filters"];
            /** @default 1000 */
            limit?: number;
        };
        /** @description Something that the reader of the numbers should know. More fields depend on the code. */
        Warning: {
            /** @description `series_truncated` has `kept` and `total` (the series that the filters select, with or without points in the range); `series_over_cap` has `metric` and `max_series` (the metric has so many series that points of further ones are not stored, and missing from sums too; said until those would have expired); `step_adjusted` has `asked_ms` and `taken_ms`; `unsafe_integer`, `values_unrepresentable` and `not_combinable` (points left out, because records lack the sum or the count behind their average) have `count`; `range_not_kept` (of a metric with a `history`: the range begins before points of this step are kept, and a longer step would reach further back) has `kept_from_ms`, and of a summary `stats`: the statistics that it is about, where it is not about all. New codes may come. */
            code: string;
            message: string;
        } & {
            [key: string]: unknown;
        };
        /** @description The first fields of every answer about one measure of one metric. */
        QueryHead: {
            metric: string;
            measure: string;
            /** @description A Grafana unit id; empty where there is none. */
            unit: string;
            /** @description Distance between points; 0 for sessions and other windows at no fixed distance, which are not stepped. */
            step_ms: number;
            /** @description Event time up to which the metric has been read; null before the first record. */
            watermark_ms: number | null;
            server_time_ms: number;
            store_epoch: string;
            warnings: components["schemas"]["Warning"][];
        };
        QueryAnswer: components["schemas"]["QueryHead"] & {
            series: components["schemas"]["ResultSeries"][];
        };
        /** @description `times`, `values` and `revisions` have the same length. */
        ResultSeries: {
            labels: components["schemas"]["Labels"];
            /** @description Starts of the windows or steps, ascending. */
            times: number[];
            values: (number | null)[];
            /** @description With `include_revisions`. 0 for a filled gap. */
            revisions?: number[];
            /** @description With `include_revisions`. Times of points that were removed and have not come back. */
            removed?: number[];
            removed_revisions?: number[];
            /** @description Points from here on may still change. Absent when all are final. */
            open_from_ms?: number;
        };
        SummaryAnswer: components["schemas"]["QueryHead"] & {
            series: components["schemas"]["SummarySeries"][];
        };
        SummarySeries: {
            labels: components["schemas"]["Labels"];
            /** @description Value of the newest window; null if it cannot be written. */
            last: number | null;
            /** @description Start of that window. */
            last_time_ms: number;
            /** @description Value of the window just before, also where that lies before `from_ms`; null if it is absent. Of sessions the one before in the range. */
            previous: number | null;
            /** @description `last` - `previous`. */
            delta: number | null;
            /** @description Without windows of NaN or infinity, see `count`. */
            min: number | null;
            /** @description Without windows of NaN or infinity, see `count`. */
            max: number | null;
            /** @description Over the windows of the range, each counting once; of an average with `sum_from` and `count_from` the sum behind it by the count behind it, never an average of averages. The same as /query gives for one step over these windows with `over_time: avg`; null where the measure does not combine so. */
            avg: number | null;
            /** @description Over the windows of the range; null where the measure does not add over time, or windows overlap. */
            sum: number | null;
            /** @description Windows with a value. Of one series those of NaN or infinity are left out, here and of `min`, `max`, `avg` and `sum`. Of several combined they count, and what they go into is null, as in a step of /query. */
            count: number;
            /** @description When the newest window's value last changed. */
            updated_ms: number;
            /** @description The newest window may still change; never without `include_open`. */
            open: boolean;
            /** @description The clock is past the newest window's end + grace + two windows (setting `stale_windows`). */
            stale: boolean;
        };
        /** @description The first fields of every answer about forecasts, after the head of /query. */
        ForecastHead: {
            interval: number;
            time_zone: string;
            /** @description Steps that begin before this have closed, those without a value too; null before any has. */
            closed_before_ms: number | null;
        };
        /** @description What a forecast of a series is based on. */
        ForecastBasis: {
            labels: components["schemas"]["Labels"];
            /**
             * @description `learning`: too little is known yet, the newest steps have no band and no score.
             * @enum {string}
             */
            state: "learning" | "ready";
            /** @description While learning, how much is there and how much is needed; null when ready. */
            message: string | null;
            /** @description Time covered by the steps that were learned from. */
            have_ms: number;
            needed_ms: number;
            /** @description First step that was learned from; null where there is none. */
            trained_from_ms: number | null;
            seasons: ("day" | "week")[];
            /**
             * @description What the values were taken for, by the weeks before: `count` whole numbers from 0, `amount` any from 0, `signed` all others. Bands of counts are whole numbers, and only those of `signed` reach below 0.
             * @enum {string}
             */
            values_kind: "count" | "amount" | "signed";
            /** @description Of the steps that the newest ones are expected by, and of the model. Where it is the same the steps ahead are the same, whichever bridge gave them. */
            fingerprint: string;
        };
        ForecastAnswer: components["schemas"]["QueryHead"] & components["schemas"]["ForecastHead"] & {
            series: components["schemas"]["ForecastSeries"][];
        };
        /** @description All columns have the same length, one entry for each step, without gaps. */
        ForecastSeries: components["schemas"]["ForecastBasis"] & {
            /** @description Starts of the steps, ascending. */
            times: number[];
            /** @description As /query gives it for the closed step; null without a value, and ahead. */
            actual: (number | null)[];
            /** @description Null where too little was known. */
            expected: (number | null)[];
            lower: (number | null)[];
            upper: (number | null)[];
            /** @description How unusual the step was, by `direction` and `min_change`: an anomaly from 1 or -1 on, negative below what was expected. Null without a value or a band, and ahead. */
            score: (number | null)[];
            /** @description Steps from here on have not closed; they are the forecast. */
            open_from_ms: number;
        };
        InspectAnswer: {
            topic: string;
            partitions: number;
            records_read: number;
            /** @description The newest few. */
            records: {
                partition: number;
                offset: number;
                /** @description -1: none. */
                timestamp_ms: number;
                /** @description Decoded; the window of a windowed key is behind it. */
                key: string | null;
                /** @description Decoded; null for a tombstone. */
                value: string | null;
            }[];
            /** @description The text of a metrics file, with the reason for each guess as comments. Those that begin with `# ?` are doubts. */
            mapping: string;
            /** @description What the records do not show, as sentences. */
            doubts: string[];
            outcome: components["schemas"]["MappingOutcome"];
        };
        CheckAnswer: {
            /** @description Each a sentence with its place in the file; empty where the bridge would start with it. */
            faults: string[];
            outcomes: components["schemas"]["MappingOutcome"][];
        };
        /** @description What records of a topic become by one metric. */
        MappingOutcome: {
            metric: string;
            topic: string;
            records: number;
            points: number;
            /** @description Tombstones and deletes. */
            removals: number;
            /** @description Of windows that were final by the records before them. */
            late: number;
            /** @description Of windows whose retention is over; they are not stored. */
            expired: number;
            dead_letters: {
                reason: string;
                count: number;
                /** @description Of the last of them. */
                message: string;
                partition: number;
                offset: number;
            }[];
            /** @description What the records show together and no dead letter says, such as a dimension that none of them has. */
            warnings: string[];
            /** @description A few series with their newest windows, of the default measure. */
            series: {
                labels: components["schemas"]["Labels"];
                /** @description Window starts. */
                times: number[];
                values: (number | null)[];
            }[];
            /** @description Why nothing could be read of the topic; null where it was. */
            problem: string | null;
        };
        BacktestAnswer: components["schemas"]["QueryHead"] & components["schemas"]["ForecastHead"] & {
            series: components["schemas"]["BacktestSeries"][];
        };
        /** @description Figures are null where no step of the range had a value and a band. */
        BacktestSeries: components["schemas"]["ForecastBasis"] & {
            /** @description Steps of the range with a value and a band. */
            steps: number;
            /** @description Mean absolute error by that of the value a week before (a day, with `seasons` `day` or less than two weeks). */
            mase: number | null;
            /** @description Share of the steps inside their band, 0 to 1. */
            coverage: number | null;
            /** @description Width of the band and what lies outside of it, by the same scale; smaller is better. */
            interval_score: number | null;
            alarms_per_day: number;
            /** @description How often the rule would have fired. */
            alarm_count: number;
            /** @description The newest 1,000, the oldest first. */
            alarms: {
                /** @description Start of the step at which the rule fired. */
                from_ms: number;
                /** @description End of the last anomalous step. */
                to_ms: number;
            }[];
        };
        EventsAnswer: {
            metric: string;
            watermark_ms: number | null;
            server_time_ms: number;
            store_epoch: string;
            events: components["schemas"]["Event"][];
            warnings: components["schemas"]["Warning"][];
        };
        Event: {
            /** @description A hash of metric, labels and window start: the same everywhere. */
            id: string;
            /** @description Start of the window. */
            time_ms: number;
            end_ms: number;
            first_seen_ms: number;
            updated_ms: number;
            /** @enum {string} */
            severity: "info" | "warning" | "critical";
            message: string;
            labels: components["schemas"]["Labels"];
            value: number | null;
            revision: number;
            /**
             * @description Resolved: the window is final, or the event was removed.
             * @enum {string}
             */
            state: "open" | "resolved";
        };
        CatalogueAnswer: {
            server_time_ms: number;
            store_epoch: string;
            metrics: components["schemas"]["MetricEntry"][];
        };
        MetricEntry: {
            name: string;
            title: string;
            description: string;
            /** @enum {string} */
            kind: "window" | "event";
            window: {
                /** @enum {string} */
                type: "tumbling" | "hopping" | "session";
                /** @description 0 for sessions; the step of cumulating windows. */
                size_ms: number;
                /** @description Distance of window starts: the size of tumbling windows, 0 for sessions. */
                advance_ms: number;
                /** @description Inactivity that ends a session; otherwise 0. */
                gap_ms: number;
                grace_ms: number;
                /** @description How long after a multiple of `advance_ms` since 1970 windows begin; absent: 0. */
                offset_ms?: number;
                /** @description Windows are local days, weeks (from Monday) or months of a time zone; `size_ms` is their usual length. */
                calendar?: {
                    /** @enum {string} */
                    unit: "day" | "week" | "month";
                    timezone: string;
                };
                /** @description Windows of `size_ms` begin at any time; sliding windows are of type `hopping`. Absent: false. */
                any_start?: boolean;
                /** @description Windows grow by `advance_ms` up to this size; a point has what its window has come to by the end of the point. Absent: they do not. */
                cumulating_ms?: number;
            };
            /** @description How long windows are kept after their end. */
            retention_ms: number;
            /** @description Steps that are kept after their windows have left the retention, the shortest first. A query whose `step_ms` is a multiple of one of them reaches back as far as it; absent where the metric has none. */
            history?: {
                step_ms: number;
                /** @description A step expires at its end + keep_ms. */
                keep_ms: number;
            }[];
            /** @description The stream holds only final results. */
            final_only: boolean;
            /** @description The ladder of steps, ascending; empty for sessions and other windows at no fixed distance. */
            steps_ms: number[];
            dimensions: {
                name: string;
                title: string;
                description: string;
            }[];
            default_measure: string;
            measures: components["schemas"]["MeasureEntry"][];
            /** @description For event metrics; null otherwise. */
            event: {
                /** @enum {string} */
                severity: "info" | "warning" | "critical";
                /** @description With `{dimension}` and `{value}` as they stand in the mapping. */
                message: string;
            } | null;
        };
        MeasureEntry: {
            name: string;
            title: string;
            description: string;
            unit: string;
            /**
             * @description How series combine. `avg` does so only with `sum_from` and `count_from`; `distinct` combines over time, never across series; `none` not at all.
             * @enum {string}
             */
            combine: "sum" | "min" | "max" | "avg" | "distinct" | "none";
            sum_from: string | null;
            count_from: string | null;
            /** @description Series can be combined; otherwise `group_by` must keep them apart. */
            across_series: boolean;
            /**
             * @description The rule when a query names none.
             * @enum {string}
             */
            over_time: "avg" | "sum" | "min" | "max" | "last";
            /** @description Rules that a query may name. */
            over_time_choices: ("avg" | "sum" | "min" | "max" | "last")[];
            /** @description Points may lack it. */
            optional: boolean;
            thresholds: {
                /** @description From this value on; null for the first one. */
                value: number | null;
                color: string;
            }[];
        };
        DimensionValuesAnswer: {
            metric: string;
            dimension: string;
            values: string[];
            /** @description There are more than `limit`. */
            truncated: boolean;
            server_time_ms: number;
            store_epoch: string;
        };
        /** @description Each `{user_id, event_type, timestamp, properties}`: `timestamp` in integer milliseconds UTC, `properties` an object. Elements are checked one by one, so that one bad event does not cost the others. */
        RawEvents: unknown[];
        IngestAnswer: {
            accepted: number;
            rejected: {
                index: number;
                reason: string;
            }[];
        };
        /** @description `segment` (text) is what the pipeline uses; other fields may be there. */
        Profile: {
            [key: string]: unknown;
        };
        HopState: {
            /** @enum {string} */
            state: "ok" | "failing";
            /** @description What fails and what to do; null when nothing does. */
            message: string | null;
        };
        StatusAnswer: {
            /** @constant */
            api_version: "v1";
            /** @description What this bridge can do. Check for a name here before you rely on what was added later. */
            capabilities: string[];
            server_time_ms: number;
            version: string;
            uptime_ms: number;
            /** @description Empty before the store has answered for the first time. */
            store_epoch: string;
            ready: boolean;
            source: components["schemas"]["HopState"] & {
                /** @enum {string} */
                kind: "kafka" | "embedded";
                /** @description Which hop of the source fails, e.g. `kafka`, `schema_registry`. */
                hop: string | null;
                topics: components["schemas"]["TopicEntry"][];
            };
            store: components["schemas"]["HopState"] & {
                /** @enum {string} */
                kind: "redis" | "lmdb";
            };
            /** @description Whether this bridge's clock agrees with the store's, or with the time that it has counted. */
            clock?: components["schemas"]["HopState"] & {
                /** @description Other bridges on the same Redis whose clocks differ from its own; empty for a token with fixed filters. */
                skewed_bridges: components["schemas"]["SkewedBridge"][];
            };
            config_reload: components["schemas"]["ConfigReload"];
            /** @description The embedded pipeline; null where the source is Kafka. */
            pipeline: components["schemas"]["HopState"] | null;
            /** @description WebSocket connections. Null for a token with fixed filters. */
            clients: {
                connections: number;
                subscriptions: number;
                queued_bytes: number;
            } | null;
            metrics: {
                metric: string;
                /** @description What is kept of a metric with a `history`, the shortest steps first; absent without one, and for the holder of a fixed filter. */
                history?: {
                    /** @description Windows that begin before this have become steps; 0 before any has. */
                    sealed_before_ms: number;
                    tiers: {
                        step_ms: number;
                        keep_ms: number;
                        /** @description The first step with all its windows; 0 for a tier that was there from the beginning. */
                        since_ms: number;
                        /** @description Of all series. */
                        steps: number;
                        bytes: number;
                    }[];
                };
                watermark_ms: number | null;
                /** @description Now minus watermark. */
                freshness_ms: number | null;
            }[];
        };
        StatusHistoryAnswer: {
            /** @description Distance of times; longer where samples are missing. */
            step_ms: number;
            server_time_ms: number;
            /** @description When the recording began. */
            started_ms: number;
            /** @description How far back it reaches at most. */
            retention_ms: number;
            /** @description Series without a sample in the range are absent. */
            series: components["schemas"]["StatusHistorySeries"][];
        };
        /** @description As many `values` as `times`. Where the status said null there is no sample. */
        StatusHistorySeries: {
            /**
             * @description `freshness_ms` of a metric (label `metric`); `lag`, `dead_letters` and `records` of a topic (labels `topic` and `metric`; the latter two count since the bridge started); `connections`, `subscriptions` and `queued_bytes` of the WebSocket clients (no labels).
             * @enum {string}
             */
            name: "freshness_ms" | "lag" | "dead_letters" | "records" | "connections" | "subscriptions" | "queued_bytes";
            labels: components["schemas"]["Labels"];
            /** @description Starts of the steps, ascending. */
            times: number[];
            /** @description The last sample of each step. */
            values: number[];
        };
        /** @description Null and empty for a token with fixed filters: positions and counts would reveal what others have. */
        TopicEntry: {
            topic: string;
            metric: string;
            /** @enum {string} */
            state: "reading" | "missing" | "paused" | "waiting";
            reason: string | null;
            /** @description Over the partitions that this bridge reads, and those that no bridge with its store reads; null when unknown. */
            lag: number | null;
            last_record_ms: number | null;
            watermark_ms: number | null;
            records: number | null;
            /** @description Records of the topic that this bridge could not read, for all of its metrics. */
            dead_letters: number | null;
            /** @description The same, by the reason that is in the header of the dead letter. */
            dead_letters_by_reason: {
                [key: string]: number;
            } | null;
            last_dead_letter: components["schemas"]["LastDeadLetter"] | null;
            partitions: {
                partition: number;
                /** @description This bridge reads it. */
                owned: boolean;
                position: number | null;
                end: number | null;
                lag: number | null;
            }[];
        };
        /** @description What became of the metrics file, which is read again when it changes. */
        ConfigReload: {
            /** @description False: the file was rejected when it was last read, and the metrics stay as they were. */
            successful: boolean;
            /** @description When a metrics file was last accepted. */
            last_success_ms: number;
            /** @description Why it was rejected, with what to correct. */
            message: string | null;
        };
        /** @description The last record of the topic that this bridge could not read. */
        LastDeadLetter: {
            reason: string;
            /** @description A sentence that says what to correct. */
            message: string;
            /** @description When the dead letter was written. */
            time_ms: number;
            /** @description Whose mapping does not fit the record. */
            metric: string;
            partition: number;
            offset: number;
        };
        HealthAnswer: {
            /** @enum {string} */
            status: "alive" | "stalled";
            /** @description The longest delay of the event loop in the last ten seconds. */
            loop_lag_ms: number;
        };
        SkewedBridge: {
            /** @description Host name and port. */
            bridge: string;
            /** @description Negative where its clock is behind. */
            ahead_ms: number;
        };
        ReadyAnswer: {
            /** @constant */
            status: "ready";
            /** @description What does not keep this bridge from working, e.g. another bridge whose clock is wrong. */
            warnings?: string[];
        };
        NotReadyAnswer: {
            /** @constant */
            status: "not_ready";
            /** @enum {string} */
            hop: "source" | "kafka" | "schema_registry" | "dead_letter" | "pipeline" | "store" | "clock";
            message: string;
        };
        Error: {
            error: {
                code: components["schemas"]["ErrorCode"];
                /** @description A sentence that a person can act on. */
                message: string;
                /** @description The same request may succeed later. `Retry-After` says when. */
                retryable: boolean;
                details: {
                    [key: string]: unknown;
                };
            };
        };
        /**
         * @description | status | codes |
         *     |---|---|
         *     | 400 | `bad_request` the body or a parameter has another shape (`details.path` names it), `malformed_json`, `unknown_type` a WebSocket message of an unknown type |
         *     | 401 | `unauthenticated` |
         *     | 403 | `forbidden` the token's scopes or fixed filters do not cover it, `origin_refused`, `host_refused` |
         *     | 404 | `unknown_metric`, `not_found`, `unknown_subscription`, `ingest_disabled` the source is Kafka |
         *     | 405 | `method_not_allowed` |
         *     | 409 | `duplicate_subscription` |
         *     | 413 | `payload_too_large` |
         *     | 415 | `unsupported_media_type` |
         *     | 422 | `unknown_measure`, `unknown_dimension`, `invalid_range`, `invalid_filter`, `invalid_regex`, `invalid_step`, `invalid_over_time`, `not_combinable`, `not_an_event_metric`, `range_too_large`, `invalid_forecast` no forecast can be made so; the message says why, `not_inspectable` no mapping can be proposed for this topic; the message says why |
         *     | 429 | `rate_limited`, `too_many_subscriptions` |
         *     | 500 | `internal` a fault of the bridge, in its log |
         *     | 503 | `overloaded`, `store_unavailable`, `source_unavailable` |
         * @enum {string}
         */
        ErrorCode: "bad_request" | "malformed_json" | "unknown_metric" | "unknown_measure" | "unknown_dimension" | "unknown_type" | "invalid_range" | "invalid_filter" | "invalid_regex" | "invalid_step" | "invalid_over_time" | "not_combinable" | "not_an_event_metric" | "range_too_large" | "invalid_forecast" | "not_inspectable" | "too_many_subscriptions" | "unknown_subscription" | "duplicate_subscription" | "unauthenticated" | "forbidden" | "origin_refused" | "host_refused" | "not_found" | "method_not_allowed" | "unsupported_media_type" | "payload_too_large" | "rate_limited" | "ingest_disabled" | "overloaded" | "store_unavailable" | "source_unavailable" | "internal";
    };
    responses: {
        /** @description The request was refused; see `code`. */
        Error: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every metric that the caller may see, in order of name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listDimensionValues: {
        parameters: {
            query?: {
                /** @description With either bound only values are given that have points in the range. An absent lower bound is the beginning, an absent upper one has no end. Without both, the values of every series that the store knows: one whose last points have just expired may be among them for a while. */
                from_ms?: components["schemas"]["TimeMs"];
                to_ms?: components["schemas"]["TimeMs"];
                /** @description Only values with this prefix; case-sensitive. */
                prefix?: string;
                limit?: number;
            };
            header?: never;
            path: {
                metric: string;
                dimension: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Values in order of code units. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DimensionValuesAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    query: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueryRequest"];
            };
        };
        responses: {
            /** @description The series, in order of their labels. Series without a point in the range are absent. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueryAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    summary: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SummaryRequest"];
            };
        };
        responses: {
            /** @description One entry for each series with a point in the range, in order of their labels. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SummaryAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    queryEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventsRequest"];
            };
        };
        responses: {
            /** @description One event for each series and window, with its newest value. Removed ones stay listed, resolved, with their last value; a removal of what was never there is no event. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventsAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    forecast: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForecastRequest"];
            };
        };
        responses: {
            /** @description One entry for each series that has closed steps, in order of their labels. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForecastAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    backtest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BacktestRequest"];
            };
        };
        responses: {
            /** @description One entry for each series that has closed steps, in order of their labels. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BacktestAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    inspect: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InspectRequest"];
            };
        };
        responses: {
            /** @description The newest records as they were read, the proposed mapping, and what it makes of the records. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InspectAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    check: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CheckRequest"];
            };
        };
        responses: {
            /** @description Every fault, or one entry per metric. Without Kafka there are faults only. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    ingestEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RawEvents"];
            };
        };
        responses: {
            /** @description How many were accepted, and the index and reason of each that was not. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IngestAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    putProfile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Profile"];
            };
        };
        responses: {
            /** @description The profile is stored. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    statusHistory: {
        parameters: {
            query: {
                from_ms: components["schemas"]["TimeMs"];
                to_ms: components["schemas"]["TimeMs"];
                /** @description Takes the shortest step (10, 20, 30 s, 1, 2, 5, 10, 15, 30 min, 1, 2, 6, 12, 24 h, aligned to the epoch) with at most so many points a series over the range. Absent: every sample. An answer has at most 250,000 points; past that the step grows too. */
                max_points?: components["schemas"]["MaxPoints"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was recorded in the range. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusHistoryAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Alive. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthAnswer"];
                };
            };
            /** @description The event loop was stalled for seconds, just now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadyAnswer"];
                };
            };
            /** @description Not ready; names the hop that fails. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotReadyAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    prometheus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus text format. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            default: components["responses"]["Error"];
        };
    };
}
