-- Generated from tables.py and statements.py by `python -m oncue.store.sqlcompile`.

-- schema()
CREATE TABLE acceptance ( id INTEGER NOT NULL, job_id VARCHAR NOT NULL, step VARCHAR NOT NULL, run INTEGER NOT NULL, number INTEGER NOT NULL, basis TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, accepted_at BIGINT NOT NULL, CONSTRAINT pk_acceptance PRIMARY KEY (id) );
CREATE INDEX ix_acceptance_job_id ON acceptance (job_id);
CREATE TABLE access_token ( digest VARCHAR NOT NULL, person VARCHAR NOT NULL, label TEXT NOT NULL, scopes TEXT, made_at BIGINT NOT NULL, revoked_at BIGINT, last_used_at BIGINT, CONSTRAINT pk_access_token PRIMARY KEY (digest) );
CREATE INDEX ix_access_token_person ON access_token (person);
CREATE TABLE alembic_version ( version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) );
CREATE TABLE artifact ( hash VARCHAR NOT NULL, kind TEXT NOT NULL, size BIGINT NOT NULL, body BLOB, files TEXT, pruned_at BIGINT, CONSTRAINT pk_artifact PRIMARY KEY (hash) );
CREATE TABLE attempt ( job_id VARCHAR NOT NULL, run INTEGER NOT NULL, step VARCHAR NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL, fence INTEGER NOT NULL, worker TEXT NOT NULL, started_at BIGINT NOT NULL, ended_at BIGINT, artifact TEXT, inputs TEXT, context TEXT NOT NULL, log TEXT, error TEXT, losses INTEGER DEFAULT 0 NOT NULL, CONSTRAINT pk_attempt PRIMARY KEY (job_id, run, step, number) ) WITHOUT ROWID;
CREATE TABLE blob ( address VARCHAR NOT NULL, size BIGINT NOT NULL, CONSTRAINT pk_blob PRIMARY KEY (address) );
CREATE TABLE blob_chunk ( address VARCHAR NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL, CONSTRAINT pk_blob_chunk PRIMARY KEY (address, number) );
CREATE TABLE comment ( job_id VARCHAR NOT NULL, run INTEGER NOT NULL, text TEXT NOT NULL, kind TEXT, steps TEXT, author TEXT NOT NULL, reason TEXT NOT NULL, given_at BIGINT NOT NULL, CONSTRAINT pk_comment PRIMARY KEY (job_id, run) );
CREATE TABLE definition ( address VARCHAR NOT NULL, body BLOB NOT NULL, CONSTRAINT pk_definition PRIMARY KEY (address) );
CREATE TABLE event ( job_id VARCHAR NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, type TEXT NOT NULL, run INTEGER, step TEXT, data TEXT, CONSTRAINT pk_event PRIMARY KEY (job_id, seq) ) WITHOUT ROWID;
CREATE TABLE expansion ( job_id VARCHAR NOT NULL, step VARCHAR NOT NULL, over TEXT NOT NULL, definition TEXT NOT NULL, items TEXT NOT NULL, CONSTRAINT pk_expansion PRIMARY KEY (job_id, step) );
CREATE TABLE job ( id VARCHAR NOT NULL, workflow TEXT NOT NULL, source_kind TEXT NOT NULL, source_ref TEXT NOT NULL, source_folder TEXT NOT NULL, definition_hash TEXT NOT NULL, status TEXT NOT NULL, revision INTEGER NOT NULL, runs INTEGER NOT NULL, event_seq BIGINT NOT NULL, created_at BIGINT NOT NULL, stopped_at BIGINT, replayed_from TEXT, CONSTRAINT pk_job PRIMARY KEY (id) );
CREATE TABLE job_params ( job_id VARCHAR NOT NULL, body TEXT NOT NULL, CONSTRAINT pk_job_params PRIMARY KEY (job_id) );
CREATE TABLE memo ( job_id VARCHAR NOT NULL, run INTEGER NOT NULL, step VARCHAR NOT NULL, number INTEGER NOT NULL, name VARCHAR NOT NULL, body BLOB NOT NULL, CONSTRAINT pk_memo PRIMARY KEY (job_id, run, step, number, name) );
CREATE TABLE model_call ( job_id VARCHAR NOT NULL, run INTEGER NOT NULL, step VARCHAR NOT NULL, number INTEGER NOT NULL, call INTEGER NOT NULL, generation INTEGER NOT NULL, purpose TEXT NOT NULL, tries INTEGER NOT NULL, model TEXT NOT NULL, url TEXT NOT NULL, sections TEXT NOT NULL, prompt TEXT NOT NULL, payload TEXT NOT NULL, comments TEXT, state TEXT NOT NULL, sent_at BIGINT NOT NULL, ended_at BIGINT, reply TEXT, answered_by TEXT NOT NULL, finish TEXT NOT NULL, input_tokens BIGINT, output_tokens BIGINT, cached_tokens BIGINT, usd DOUBLE, price_source TEXT, error TEXT, CONSTRAINT pk_model_call PRIMARY KEY (job_id, run, step, number, call) );
CREATE INDEX ix_model_call_sent ON model_call (job_id, sent_at);
CREATE INDEX ix_model_call_spent ON model_call (job_id, run, step, number, input_tokens, output_tokens, usd);
CREATE INDEX ix_model_call_step ON model_call (job_id, step);
CREATE TABLE person ( name VARCHAR NOT NULL, role TEXT NOT NULL, added_by TEXT NOT NULL, added_at BIGINT NOT NULL, removed_at BIGINT, CONSTRAINT pk_person PRIMARY KEY (name) );
CREATE TABLE "plan" ( job_id VARCHAR NOT NULL, run INTEGER NOT NULL, body BLOB NOT NULL, CONSTRAINT pk_plan PRIMARY KEY (job_id, run) );
CREATE TABLE question ( id VARCHAR NOT NULL, job_id VARCHAR NOT NULL, run INTEGER NOT NULL, step VARCHAR NOT NULL, number INTEGER NOT NULL, type VARCHAR NOT NULL, kind TEXT NOT NULL, occurrence INTEGER NOT NULL, fingerprint TEXT NOT NULL, asking TEXT NOT NULL, asked_at BIGINT NOT NULL, deadline BIGINT, acts INTEGER NOT NULL, how TEXT, response TEXT, actor TEXT, answered_at BIGINT, is_timed_out INTEGER, reused_from TEXT, late_response TEXT, late_actor TEXT, late_at BIGINT, words TEXT, CONSTRAINT pk_question PRIMARY KEY (id), CONSTRAINT uq_question_job_id_run_step_number_type_occurrence UNIQUE (job_id, run, step, number, type, occurrence) );
CREATE INDEX ix_question_counted ON question (job_id, type, run, how, asked_at);
CREATE INDEX ix_question_job ON question (job_id, asked_at);
CREATE INDEX ix_question_late ON question (job_id, asked_at) WHERE late_at IS NOT NULL;
CREATE INDEX ix_question_place ON question (job_id, step, type, occurrence, asked_at);
CREATE INDEX ix_question_undecided ON question (acts, deadline) WHERE how IS NULL;
CREATE TABLE recommendation ( id VARCHAR NOT NULL, job_id VARCHAR NOT NULL, request TEXT NOT NULL, rationale TEXT NOT NULL, author TEXT NOT NULL, given_at BIGINT NOT NULL, plan_digest TEXT NOT NULL, blockers TEXT NOT NULL, warnings TEXT NOT NULL, estimate TEXT NOT NULL, prerequisites TEXT NOT NULL, CONSTRAINT pk_recommendation PRIMARY KEY (id) );
CREATE INDEX ix_recommendation_job ON recommendation (job_id, given_at);
CREATE TABLE run ( job_id VARCHAR NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL, kind TEXT NOT NULL, request TEXT NOT NULL, trigger_id TEXT NOT NULL, plan_digest TEXT NOT NULL, definition_hash TEXT NOT NULL, params TEXT NOT NULL, queued_at BIGINT NOT NULL, started_at BIGINT, ended_at BIGINT, error TEXT, owner TEXT, fence INTEGER NOT NULL, cancel_requested_at BIGINT, cut_off TEXT, CONSTRAINT pk_run PRIMARY KEY (job_id, number) );
CREATE INDEX ix_run_open ON run (job_id, number) WHERE state IN ('queued', 'running', 'waiting');
CREATE TABLE setting ( name VARCHAR NOT NULL, value TEXT NOT NULL, set_by TEXT NOT NULL, set_at BIGINT NOT NULL, CONSTRAINT pk_setting PRIMARY KEY (name) );
CREATE TABLE step ( job_id VARCHAR NOT NULL, step VARCHAR NOT NULL, last_run INTEGER NOT NULL, last_number INTEGER NOT NULL, last_state TEXT NOT NULL, run INTEGER, number INTEGER, artifact TEXT, seq BIGINT NOT NULL, CONSTRAINT pk_step PRIMARY KEY (job_id, step) ) WITHOUT ROWID;
CREATE TABLE "trigger" ( id VARCHAR NOT NULL, job_id VARCHAR NOT NULL, run INTEGER NOT NULL, source TEXT NOT NULL, action TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, plan_digest TEXT NOT NULL, triggered_at BIGINT NOT NULL, metadata TEXT NOT NULL, parent_id TEXT, recommendation_id TEXT, recommended TEXT, CONSTRAINT pk_trigger PRIMARY KEY (id) );
CREATE INDEX ix_trigger_job_id ON "trigger" (job_id);

-- revision()
SELECT alembic_version.version_num FROM alembic_version;

-- job(id)
SELECT job.id, job.workflow, job.source_kind, job.source_ref, job.source_folder, job.definition_hash, job.status, job.revision, job.runs, job.event_seq, job.created_at, job.stopped_at, job.replayed_from, job_params.body FROM job JOIN job_params ON job_params.job_id = job.id WHERE job.id = ?;

-- jobs(limit)
SELECT job.id, job.workflow, job.source_kind, job.source_ref, job.source_folder, job.definition_hash, job.status, job.revision, job.runs, job.event_seq, job.created_at, job.stopped_at, job.replayed_from, job_params.body FROM job JOIN job_params ON job_params.job_id = job.id ORDER BY job.created_at DESC, job.id DESC LIMIT ? OFFSET 0;

-- job_heads()
SELECT job.id, job.workflow, job.status, job.runs, job.created_at, run.state, run.owner FROM job LEFT OUTER JOIN run ON run.job_id = job.id AND run.number = job.runs ORDER BY job.created_at DESC, job.id DESC;

-- every_job_params()
SELECT job_params.job_id, job_params.body FROM job_params;

-- job_marks()
SELECT job.id, job.event_seq FROM job;

-- job_ids(first, end, limit)
SELECT job.id FROM job WHERE job.id >= ? AND job.id < ? ORDER BY job.id LIMIT ? OFFSET 0;

-- definition(address)
SELECT definition.body FROM definition WHERE definition.address = ?;

-- run(job_id, number)
SELECT run.job_id, run.number, run.state, run.kind, run.request, run.trigger_id, run.plan_digest, run.definition_hash, run.params, run.queued_at, run.started_at, run.ended_at, run.error, run.owner, run.fence, run.cancel_requested_at, run.cut_off FROM run WHERE run.job_id = ? AND run.number = ?;

-- held_run(job_id, number, fence)
SELECT run.number FROM run WHERE run.job_id = ? AND run.number = ? AND run.fence = ? AND run.state = 'running';

-- runs(job_id, first_run, last_run)
SELECT run.job_id, run.number, run.state, run.kind, run.request, run.trigger_id, run.plan_digest, run.definition_hash, run.params, run.queued_at, run.started_at, run.ended_at, run.error, run.owner, run.fence, run.cancel_requested_at, run.cut_off FROM run WHERE run.job_id = ? AND run.number BETWEEN ? AND ? ORDER BY run.number;

-- open_runs()
SELECT run.job_id, run.number, run.state, run.kind, run.request, run.trigger_id, run.plan_digest, run.definition_hash, run.params, run.queued_at, run.started_at, run.ended_at, run.error, run.owner, run.fence, run.cancel_requested_at, run.cut_off FROM run WHERE state IN ('queued', 'running', 'waiting') ORDER BY run.job_id, run.number;

-- open_runs_of_job(job_id)
SELECT run.job_id, run.number, run.state, run.kind, run.request, run.trigger_id, run.plan_digest, run.definition_hash, run.params, run.queued_at, run.started_at, run.ended_at, run.error, run.owner, run.fence, run.cancel_requested_at, run.cut_off FROM run WHERE state IN ('queued', 'running', 'waiting') AND run.job_id = ? ORDER BY run.number;

-- ready_runs()
SELECT run.job_id, run.number, run.state, run.kind, run.request, run.trigger_id, run.plan_digest, run.definition_hash, run.params, run.queued_at, run.started_at, run.ended_at, run.error, run.owner, run.fence, run.cancel_requested_at, run.cut_off FROM run WHERE state IN ('queued', 'running', 'waiting') AND (run.state != 'waiting' OR (EXISTS (SELECT * FROM attempt WHERE attempt.job_id = run.job_id AND attempt.run = run.number AND attempt.state = 'waiting' AND NOT (EXISTS (SELECT * FROM question WHERE question.job_id = attempt.job_id AND question.run = attempt.run AND question.step = attempt.step AND how IS NULL)))) OR (EXISTS (SELECT * FROM question WHERE question.job_id = run.job_id AND question.run = run.number AND question.number = 0)) AND NOT (EXISTS (SELECT * FROM question WHERE question.job_id = run.job_id AND question.run = run.number AND how IS NULL))) ORDER BY run.job_id, run.number;

-- plan(job_id, run)
SELECT "plan".body FROM "plan" WHERE "plan".job_id = ? AND "plan".run = ?;

-- trigger(id)
SELECT "trigger".id, "trigger".job_id, "trigger".run, "trigger".source, "trigger".action, "trigger".actor, "trigger".reason, "trigger".plan_digest, "trigger".triggered_at, "trigger".metadata, "trigger".parent_id, "trigger".recommendation_id, "trigger".recommended FROM "trigger" WHERE "trigger".id = ?;

-- triggers(job_id, first_run, last_run)
SELECT "trigger".id, "trigger".job_id, "trigger".run, "trigger".source, "trigger".action, "trigger".actor, "trigger".reason, "trigger".plan_digest, "trigger".triggered_at, "trigger".metadata, "trigger".parent_id, "trigger".recommendation_id, "trigger".recommended FROM "trigger" WHERE "trigger".job_id = ? AND "trigger".run BETWEEN ? AND ? ORDER BY "trigger".run;

-- events(job_id, after, limit)
SELECT event.job_id, event.seq, event.at, event.type, event.run, event.step, event.data FROM event WHERE event.job_id = ? AND event.seq > ? ORDER BY event.seq LIMIT ? OFFSET 0;

-- events_of_run(job_id, after, run, limit)
SELECT event.job_id, event.seq, event.at, event.type, event.run, event.step, event.data FROM event WHERE event.job_id = ? AND event.seq > ? AND event.run = ? ORDER BY event.seq LIMIT ? OFFSET 0;

-- acceptances(job_id)
SELECT acceptance.id, acceptance.job_id, acceptance.step, acceptance.run, acceptance.number, acceptance.basis, acceptance.actor, acceptance.reason, acceptance.accepted_at FROM acceptance WHERE acceptance.job_id = ? ORDER BY acceptance.accepted_at, acceptance.id;

-- expansions(job_id)
SELECT expansion.job_id, expansion.step, expansion.over, expansion.definition, expansion.items FROM expansion WHERE expansion.job_id = ? ORDER BY expansion.step;

-- attempts(job_id, state0, state1, state2, state3, state4)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.state IN (?, ?, ?, ?, ?) ORDER BY attempt.run, attempt.started_at, attempt.number, attempt.step;

-- attempts_of_run(job_id, run, state0, state1, state2, state3, state4)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.run = ? AND attempt.state IN (?, ?, ?, ?, ?) ORDER BY attempt.run, attempt.started_at, attempt.number, attempt.step;

-- attempts_of_step(job_id, runs_of, step, state0, state1, state2, state3, state4)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.run IN (SELECT run.number FROM run WHERE run.job_id = ?) AND attempt.step = ? AND attempt.state IN (?, ?, ?, ?, ?) ORDER BY attempt.run, attempt.started_at, attempt.number, attempt.step;

-- attempts_of_run_and_step(job_id, run, step, state0, state1, state2, state3, state4)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.run = ? AND attempt.step = ? AND attempt.state IN (?, ?, ?, ?, ?) ORDER BY attempt.run, attempt.started_at, attempt.number, attempt.step;

-- latest_attempts(job_id, runs_of, first_run, last_run, step, state0, state1, state2, state3, state4, limit)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.run IN (SELECT run.number FROM run WHERE run.job_id = ? AND run.number BETWEEN ? AND ?) AND attempt.step = ? AND attempt.state IN (?, ?, ?, ?, ?) ORDER BY attempt.run DESC, attempt.started_at DESC, attempt.number DESC LIMIT ? OFFSET 0;

-- latest_maker(job_id, runs_of, step, artifact)
SELECT max(attempt.run) AS max_1 FROM attempt WHERE attempt.job_id = ? AND attempt.run IN (SELECT run.number FROM run WHERE run.job_id = ?) AND attempt.step = ? AND attempt.state = 'succeeded' AND attempt.artifact = ?;

-- open_attempts(job_id, runs_of)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.run IN (SELECT run.number FROM run WHERE run.job_id = ? AND state IN ('queued', 'running', 'waiting')) AND state IN ('running', 'waiting') ORDER BY attempt.run, attempt.started_at, attempt.number, attempt.step;

-- attempt(job_id, run, step, number)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.run = ? AND attempt.step = ? AND attempt.number = ?;

-- attempt_counts(job_id)
SELECT attempt.step, count(*) AS count_1 FROM attempt WHERE attempt.job_id = ? GROUP BY attempt.step;

-- attempt_count(job_id, runs_of, step)
SELECT count(*) AS count_1 FROM attempt WHERE attempt.job_id = ? AND attempt.run IN (SELECT run.number FROM run WHERE run.job_id = ?) AND attempt.step = ?;

-- outputs_of_run(job_id, run)
SELECT attempt.step, attempt.artifact FROM attempt WHERE attempt.job_id = ? AND attempt.run = ? AND attempt.state = 'succeeded' AND attempt.artifact IS NOT NULL ORDER BY attempt.started_at, attempt.number;

-- output_in_run(job_id, run, step)
SELECT attempt.step, attempt.artifact FROM attempt WHERE attempt.job_id = ? AND attempt.run = ? AND attempt.step = ? AND attempt.state = 'succeeded' AND attempt.artifact IS NOT NULL ORDER BY attempt.started_at, attempt.number;

-- executed(job_id, first_run, last_run)
SELECT attempt.run, attempt.step FROM attempt WHERE attempt.job_id = ? AND attempt.run BETWEEN ? AND ? GROUP BY attempt.run, attempt.step ORDER BY attempt.run, min(attempt.started_at), attempt.step;

-- succeeded(job_id, since_run)
SELECT attempt.step, attempt.started_at, attempt.ended_at, attempt.run, attempt.number FROM attempt WHERE attempt.job_id = ? AND attempt.run >= ? AND attempt.state = 'succeeded' ORDER BY attempt.ended_at DESC;

-- succeeded_of(job_id, runs_of, since_run, step, limit)
SELECT attempt.step, attempt.started_at, attempt.ended_at, attempt.run, attempt.number FROM attempt WHERE attempt.job_id = ? AND attempt.run IN (SELECT run.number FROM run WHERE run.job_id = ? AND run.number >= ?) AND attempt.step = ? AND attempt.state = 'succeeded' ORDER BY attempt.ended_at DESC LIMIT ? OFFSET 0;

-- succeeded_of_each(job_id, runs_of, since_run, first, end, limit)
SELECT attempt.step, attempt.started_at, attempt.ended_at, attempt.run, attempt.number FROM attempt WHERE attempt.job_id = ? AND attempt.run IN (SELECT run.number FROM run WHERE run.job_id = ? AND run.number >= ?) AND attempt.step >= ? AND attempt.step < ? AND attempt.state = 'succeeded' ORDER BY attempt.ended_at DESC LIMIT ? OFFSET 0;

-- steps(job_id, since_seq)
SELECT step.step, step.last_run, step.last_number, step.last_state, step.run, step.number, step.artifact, attempt.inputs FROM step LEFT OUTER JOIN attempt ON attempt.job_id = step.job_id AND attempt.run = step.run AND attempt.step = step.step AND attempt.number = step.number WHERE step.job_id = ? AND step.seq > ?;

-- artifact(hash)
SELECT artifact.hash, artifact.kind, artifact.size, artifact.body, artifact.files FROM artifact WHERE artifact.hash = ?;

-- artifacts(hash0, hash1, hash2, hash3, hash4, hash5, hash6, hash7, hash8, hash9, hash10, hash11, hash12, hash13, hash14, hash15, hash16, hash17, hash18, hash19, hash20, hash21, hash22, hash23, hash24, hash25, hash26, hash27, hash28, hash29, hash30, hash31, hash32, hash33, hash34, hash35, hash36, hash37, hash38, hash39, hash40, hash41, hash42, hash43, hash44, hash45, hash46, hash47, hash48, hash49, hash50, hash51, hash52, hash53, hash54, hash55, hash56, hash57, hash58, hash59, hash60, hash61, hash62, hash63)
SELECT artifact.hash, artifact.kind, artifact.size, artifact.body, artifact.files FROM artifact WHERE artifact.hash IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- outputs()
SELECT attempt.job_id, attempt.step, attempt.artifact, attempt.inputs, step.artifact AS current FROM attempt LEFT OUTER JOIN step ON step.job_id = attempt.job_id AND step.step = attempt.step AND step.artifact = attempt.artifact WHERE attempt.artifact IS NOT NULL;

-- logs()
SELECT attempt.log FROM attempt WHERE attempt.log IS NOT NULL;

-- bodies()
SELECT artifact.hash, artifact.kind, length(artifact.body) AS length_1, artifact.files, artifact.pruned_at FROM artifact;

-- memo(job_id, run, step, number, name)
SELECT memo.body FROM memo WHERE memo.job_id = ? AND memo.run = ? AND memo.step = ? AND memo.number = ? AND memo.name = ?;

-- blob_size(address)
SELECT blob.size FROM blob WHERE blob.address = ?;

-- blob_chunk(address, number)
SELECT blob_chunk.body FROM blob_chunk WHERE blob_chunk.address = ? AND blob_chunk.number = ?;

-- blob_addresses(after, limit)
SELECT blob.address FROM blob WHERE blob.address > ? ORDER BY blob.address LIMIT ? OFFSET 0;

-- question(id)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.id = ?;

-- questions(limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question ORDER BY question.asked_at, question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- questions_of_job(job_id, limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.job_id = ? ORDER BY question.asked_at, question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- questions_of_run(job_id, run, limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.job_id = ? AND question.run = ? ORDER BY coalesce(question.asked_at, 0), question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- questions_of_attempt(job_id, run, step, number)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.job_id = ? AND question.run = ? AND question.step = ? AND question.number = ? ORDER BY coalesce(question.asked_at, 0), question.type, question.occurrence;

-- waited_in_attempt(job_id, run, step, number)
SELECT CAST(coalesce(sum(question.answered_at - question.asked_at), 0) AS BIGINT) AS coalesce_1 FROM question WHERE question.job_id = ? AND question.run = ? AND question.step = ? AND question.number = ?;

-- waited_by_attempt(job_id, since_run)
SELECT question.run, question.step, question.number, CAST(coalesce(sum(question.answered_at - question.asked_at), 0) AS BIGINT) AS coalesce_1 FROM question WHERE question.job_id = ? AND question.run >= ? AND question.answered_at > question.asked_at GROUP BY question.run, question.step, question.number;

-- waits_of_run(job_id, run)
SELECT question.step, question.number, CAST(coalesce(sum(question.answered_at - question.asked_at), 0) AS BIGINT) AS coalesce_1 FROM question WHERE question.job_id = ? AND question.run = ? AND question.answered_at > question.asked_at GROUP BY question.step, question.number;

-- decided_questions(limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.how IS NOT NULL ORDER BY question.asked_at, question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- decided_questions_of_job(job_id, limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.job_id = ? AND question.how IS NOT NULL ORDER BY question.asked_at, question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- decided_questions_of_run(job_id, run, limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.job_id = ? AND question.run = ? AND question.how IS NOT NULL ORDER BY coalesce(question.asked_at, 0), question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- waiting_questions(limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE acts IN (0, 1) AND how IS NULL ORDER BY question.deadline ASC NULLS LAST, question.asked_at, question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- waiting_questions_of_job(job_id, limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE acts IN (0, 1) AND how IS NULL AND coalesce(question.job_id, '') = ? ORDER BY question.deadline ASC NULLS LAST, question.asked_at, question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- waiting_questions_of_run(job_id, run, limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE acts IN (0, 1) AND how IS NULL AND coalesce(question.job_id, '') = ? AND question.run = ? ORDER BY question.deadline ASC NULLS LAST, question.asked_at, question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- waiting_counts()
SELECT question.job_id, count(*) AS count_1 FROM question WHERE acts IN (0, 1) AND how IS NULL GROUP BY question.job_id;

-- late_questions(job_id, limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.job_id = ? AND late_at IS NOT NULL ORDER BY question.asked_at, question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- latest_answered(job_id, step, type, occurrence, fingerprint)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.job_id = ? AND question.step = ? AND question.type = ? AND question.occurrence = ? AND question.fingerprint = coalesce(?, question.fingerprint) AND (how IN ('configured', 'default', 'person', 'reused') OR late_at IS NOT NULL) ORDER BY question.asked_at DESC, question.run DESC, question.number DESC, question.id DESC LIMIT 1 OFFSET 0;

-- question_counts(job_id)
SELECT question.type, question.run, question.how, count(*) AS count_1, min(question.asked_at) AS min_1 FROM question WHERE question.job_id = ? GROUP BY question.type, question.run, question.how ORDER BY min(question.asked_at), question.type, question.run, question.how;

-- decisions(job_id, type, run, how, text, limit, offset)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.job_id = ? AND question.how IS NOT NULL AND question.type = coalesce(?, question.type) AND question.run = coalesce(?, question.run) AND question.how = coalesce(?, question.how) AND coalesce(instr(coalesce(question.words, ''), ?) > 0, 1) = 1 ORDER BY question.asked_at, question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET ?;

-- decision_count(job_id, type, run, how, text)
SELECT count(*) AS count_1 FROM question WHERE question.job_id = ? AND question.how IS NOT NULL AND question.type = coalesce(?, question.type) AND question.run = coalesce(?, question.run) AND question.how = coalesce(?, question.how) AND coalesce(instr(coalesce(question.words, ''), ?) > 0, 1) = 1;

-- due_questions(at, limit)
SELECT question.id, question.job_id, question.run, question.step, question.number, question.type, question.kind, question.occurrence, question.fingerprint, question.asking, question.asked_at, question.deadline, question.acts, question.how, question.response, question.actor, question.answered_at, question.is_timed_out, question.reused_from, question.late_response, question.late_actor, question.late_at FROM question WHERE question.acts = 1 AND question.deadline <= ? AND how IS NULL ORDER BY question.deadline ASC NULLS LAST, question.asked_at, question.run, question.step, question.number, question.occurrence, question.id LIMIT ? OFFSET 0;

-- calls_of_job(job_id, limit)
SELECT model_call.job_id, model_call.run, model_call.step, model_call.number, model_call.call, model_call.generation, model_call.purpose, model_call.tries, model_call.model, model_call.url, model_call.sections, model_call.prompt, model_call.payload, model_call.comments, model_call.state, model_call.sent_at, model_call.ended_at, model_call.reply, model_call.answered_by, model_call.finish, model_call.input_tokens, model_call.output_tokens, model_call.cached_tokens, model_call.usd, model_call.price_source, model_call.error FROM model_call WHERE model_call.job_id = ? ORDER BY model_call.sent_at, model_call.run, model_call.step, model_call.number, model_call.call LIMIT ? OFFSET 0;

-- calls_of_run(job_id, run, limit)
SELECT model_call.job_id, model_call.run, model_call.step, model_call.number, model_call.call, model_call.generation, model_call.purpose, model_call.tries, model_call.model, model_call.url, model_call.sections, model_call.prompt, model_call.payload, model_call.comments, model_call.state, model_call.sent_at, model_call.ended_at, model_call.reply, model_call.answered_by, model_call.finish, model_call.input_tokens, model_call.output_tokens, model_call.cached_tokens, model_call.usd, model_call.price_source, model_call.error FROM model_call WHERE model_call.job_id = ? AND model_call.run = ? ORDER BY coalesce(model_call.sent_at, 0), model_call.run, model_call.step, model_call.number, model_call.call LIMIT ? OFFSET 0;

-- calls_of_step(job_id, step, limit)
SELECT model_call.job_id, model_call.run, model_call.step, model_call.number, model_call.call, model_call.generation, model_call.purpose, model_call.tries, model_call.model, model_call.url, model_call.sections, model_call.prompt, model_call.payload, model_call.comments, model_call.state, model_call.sent_at, model_call.ended_at, model_call.reply, model_call.answered_by, model_call.finish, model_call.input_tokens, model_call.output_tokens, model_call.cached_tokens, model_call.usd, model_call.price_source, model_call.error FROM model_call WHERE model_call.job_id = ? AND model_call.step = ? ORDER BY coalesce(model_call.sent_at, 0), model_call.run, model_call.step, model_call.number, model_call.call LIMIT ? OFFSET 0;

-- calls_of_run_and_step(job_id, run, step, limit)
SELECT model_call.job_id, model_call.run, model_call.step, model_call.number, model_call.call, model_call.generation, model_call.purpose, model_call.tries, model_call.model, model_call.url, model_call.sections, model_call.prompt, model_call.payload, model_call.comments, model_call.state, model_call.sent_at, model_call.ended_at, model_call.reply, model_call.answered_by, model_call.finish, model_call.input_tokens, model_call.output_tokens, model_call.cached_tokens, model_call.usd, model_call.price_source, model_call.error FROM model_call WHERE model_call.job_id = ? AND model_call.run = ? AND model_call.step = ? ORDER BY coalesce(model_call.sent_at, 0), model_call.run, model_call.step, model_call.number, model_call.call LIMIT ? OFFSET 0;

-- calls_of_attempt(job_id, run, step, number)
SELECT model_call.job_id, model_call.run, model_call.step, model_call.number, model_call.call, model_call.generation, model_call.purpose, model_call.tries, model_call.model, model_call.url, model_call.sections, model_call.prompt, model_call.payload, model_call.comments, model_call.state, model_call.sent_at, model_call.ended_at, model_call.reply, model_call.answered_by, model_call.finish, model_call.input_tokens, model_call.output_tokens, model_call.cached_tokens, model_call.usd, model_call.price_source, model_call.error FROM model_call WHERE model_call.job_id = ? AND model_call.run = ? AND model_call.step = ? AND model_call.number = ? ORDER BY model_call.call;

-- has_calls(job_id)
SELECT model_call.call FROM model_call WHERE model_call.job_id = ? LIMIT 1 OFFSET 0;

-- spent(job_id)
SELECT count(*) AS count_1, CAST(coalesce(sum(model_call.input_tokens + model_call.output_tokens), 0) AS BIGINT) AS coalesce_1, coalesce(sum(model_call.usd), 0) AS coalesce_2, count(*) - count(model_call.input_tokens) AS anon_1, count(*) - count(model_call.usd) AS anon_2 FROM model_call WHERE model_call.job_id = ?;

-- spent_by_run(job_id, first_run, last_run)
SELECT model_call.run, count(*) AS count_1, CAST(coalesce(sum(model_call.input_tokens + model_call.output_tokens), 0) AS BIGINT) AS coalesce_1, coalesce(sum(model_call.usd), 0) AS coalesce_2, count(*) - count(model_call.input_tokens) AS anon_1, count(*) - count(model_call.usd) AS anon_2 FROM model_call WHERE model_call.job_id = ? AND model_call.run BETWEEN ? AND ? GROUP BY model_call.run;

-- spent_by_step(job_id)
SELECT coalesce(model_call.step, '') AS coalesce_1, count(*) AS count_1, CAST(coalesce(sum(model_call.input_tokens + model_call.output_tokens), 0) AS BIGINT) AS coalesce_2, coalesce(sum(model_call.usd), 0) AS coalesce_3, count(*) - count(model_call.input_tokens) AS anon_1, count(*) - count(model_call.usd) AS anon_2 FROM model_call WHERE model_call.job_id = ? GROUP BY coalesce(model_call.step, '');

-- spent_in_run(job_id, run)
SELECT count(*) AS count_1, CAST(coalesce(sum(model_call.input_tokens + model_call.output_tokens), 0) AS BIGINT) AS coalesce_1, coalesce(sum(model_call.usd), 0) AS coalesce_2, count(*) - count(model_call.input_tokens) AS anon_1, count(*) - count(model_call.usd) AS anon_2 FROM model_call WHERE model_call.job_id = ? AND model_call.run = ?;

-- spent_in_attempt(job_id, run, step, number)
SELECT count(*) AS count_1, CAST(coalesce(sum(model_call.input_tokens + model_call.output_tokens), 0) AS BIGINT) AS coalesce_1, coalesce(sum(model_call.usd), 0) AS coalesce_2, count(*) - count(model_call.input_tokens) AS anon_1, count(*) - count(model_call.usd) AS anon_2 FROM model_call WHERE model_call.job_id = ? AND model_call.run = ? AND model_call.step = ? AND model_call.number = ?;

-- spent_by_attempt(job_id)
SELECT model_call.run, model_call.step, model_call.number, count(*) AS count_1, CAST(coalesce(sum(model_call.input_tokens + model_call.output_tokens), 0) AS BIGINT) AS coalesce_1, coalesce(sum(model_call.usd), 0) AS coalesce_2, count(*) - count(model_call.input_tokens) AS anon_1, count(*) - count(model_call.usd) AS anon_2 FROM model_call WHERE model_call.job_id = ? GROUP BY model_call.run, model_call.step, model_call.number;

-- cited()
SELECT model_call.sections, model_call.payload, model_call.reply FROM model_call;

-- comments(job_id)
SELECT comment.job_id, comment.run, comment.text, comment.kind, comment.steps, comment.author, comment.reason, comment.given_at FROM comment WHERE comment.job_id = ? ORDER BY comment.run;

-- settings()
SELECT setting.name, setting.value, setting.set_by, setting.set_at FROM setting ORDER BY setting.name;

-- trace_attempts(job_id, first_run, last_run, after_run, after_at, after_number, after_step, limit)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.run BETWEEN ? AND ? AND ((EXISTS (SELECT * FROM model_call WHERE model_call.job_id = attempt.job_id AND model_call.step = attempt.step AND model_call.run = attempt.run AND model_call.number = attempt.number)) OR inputs LIKE '%]]%' OR (attempt.number > 1 OR (EXISTS (SELECT run.number FROM run WHERE run.job_id = attempt.job_id AND run.number = attempt.run AND request LIKE '%resume%'))) AND (EXISTS (SELECT * FROM model_call WHERE model_call.job_id = attempt.job_id AND model_call.step = attempt.step))) AND (attempt.run, attempt.started_at, attempt.number, attempt.step) > (?, ?, ?, ?) ORDER BY attempt.run, attempt.started_at, attempt.number, attempt.step LIMIT ? OFFSET 0;

-- trace_attempts_of_step(job_id, runs_of, first_run, last_run, step, after_run, after_at, after_number, after_step, limit)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.run IN (SELECT run.number FROM run WHERE run.job_id = ? AND run.number BETWEEN ? AND ?) AND attempt.step = ? AND (coalesce(attempt.run, 0), attempt.started_at, attempt.number, attempt.step) > (?, ?, ?, ?) ORDER BY coalesce(attempt.run, 0), attempt.started_at, attempt.number, attempt.step LIMIT ? OFFSET 0;

-- trace_attempts_of_each(job_id, runs_of, first_run, last_run, step, first, end, after_run, after_at, after_number, after_step, limit)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.run IN (SELECT run.number FROM run WHERE run.job_id = ? AND run.number BETWEEN ? AND ?) AND (attempt.step = ? OR attempt.step >= ? AND attempt.step < ?) AND (attempt.run, attempt.started_at, attempt.number, attempt.step) > (?, ?, ?, ?) ORDER BY attempt.run, attempt.started_at, attempt.number, attempt.step LIMIT ? OFFSET 0;

-- trace_calls(job_id, first_run, last_run, after_at, after_run, after_step, after_number, after_call, limit)
SELECT model_call.job_id, model_call.run, model_call.step, model_call.number, model_call.call, model_call.generation, model_call.purpose, model_call.tries, model_call.model, model_call.url, model_call.sections, model_call.prompt, model_call.payload, model_call.comments, model_call.state, model_call.sent_at, model_call.ended_at, model_call.reply, model_call.answered_by, model_call.finish, model_call.input_tokens, model_call.output_tokens, model_call.cached_tokens, model_call.usd, model_call.price_source, model_call.error FROM model_call WHERE model_call.job_id = ? AND model_call.run BETWEEN ? AND ? AND (model_call.sent_at, model_call.run, model_call.step, model_call.number, model_call.call) > (?, ?, ?, ?, ?) ORDER BY model_call.sent_at, model_call.run, model_call.step, model_call.number, model_call.call LIMIT ? OFFSET 0;

-- trace_calls_of_step(job_id, first_run, last_run, step, after_at, after_run, after_step, after_number, after_call, limit)
SELECT model_call.job_id, model_call.run, model_call.step, model_call.number, model_call.call, model_call.generation, model_call.purpose, model_call.tries, model_call.model, model_call.url, model_call.sections, model_call.prompt, model_call.payload, model_call.comments, model_call.state, model_call.sent_at, model_call.ended_at, model_call.reply, model_call.answered_by, model_call.finish, model_call.input_tokens, model_call.output_tokens, model_call.cached_tokens, model_call.usd, model_call.price_source, model_call.error FROM model_call WHERE model_call.job_id = ? AND model_call.run BETWEEN ? AND ? AND model_call.step = ? AND (coalesce(model_call.sent_at, 0), model_call.run, model_call.step, model_call.number, model_call.call) > (?, ?, ?, ?, ?) ORDER BY coalesce(model_call.sent_at, 0), model_call.run, model_call.step, model_call.number, model_call.call LIMIT ? OFFSET 0;

-- trace_calls_of_each(job_id, first_run, last_run, step, first, end, after_at, after_run, after_step, after_number, after_call, limit)
SELECT model_call.job_id, model_call.run, model_call.step, model_call.number, model_call.call, model_call.generation, model_call.purpose, model_call.tries, model_call.model, model_call.url, model_call.sections, model_call.prompt, model_call.payload, model_call.comments, model_call.state, model_call.sent_at, model_call.ended_at, model_call.reply, model_call.answered_by, model_call.finish, model_call.input_tokens, model_call.output_tokens, model_call.cached_tokens, model_call.usd, model_call.price_source, model_call.error FROM model_call WHERE model_call.job_id = ? AND model_call.run BETWEEN ? AND ? AND (model_call.step = ? OR model_call.step >= ? AND model_call.step < ?) AND (model_call.sent_at, model_call.run, model_call.step, model_call.number, model_call.call) > (?, ?, ?, ?, ?) ORDER BY model_call.sent_at, model_call.run, model_call.step, model_call.number, model_call.call LIMIT ? OFFSET 0;

-- trace_spent(job_id, first_run, last_run)
SELECT count(*) AS count_1, CAST(coalesce(sum(model_call.input_tokens + model_call.output_tokens), 0) AS BIGINT) AS coalesce_1, coalesce(sum(model_call.usd), 0) AS coalesce_2, count(*) - count(model_call.input_tokens) AS anon_1, count(*) - count(model_call.usd) AS anon_2 FROM model_call WHERE model_call.job_id = ? AND model_call.run BETWEEN ? AND ?;

-- trace_spent_of_step(job_id, first_run, last_run, step)
SELECT count(*) AS count_1, CAST(coalesce(sum(model_call.input_tokens + model_call.output_tokens), 0) AS BIGINT) AS coalesce_1, coalesce(sum(model_call.usd), 0) AS coalesce_2, count(*) - count(model_call.input_tokens) AS anon_1, count(*) - count(model_call.usd) AS anon_2 FROM model_call WHERE model_call.job_id = ? AND model_call.run BETWEEN ? AND ? AND model_call.step = ?;

-- trace_spent_of_each(job_id, first_run, last_run, step, first, end)
SELECT count(*) AS count_1, CAST(coalesce(sum(model_call.input_tokens + model_call.output_tokens), 0) AS BIGINT) AS coalesce_1, coalesce(sum(model_call.usd), 0) AS coalesce_2, count(*) - count(model_call.input_tokens) AS anon_1, count(*) - count(model_call.usd) AS anon_2 FROM model_call WHERE model_call.job_id = ? AND model_call.run BETWEEN ? AND ? AND (model_call.step = ? OR model_call.step >= ? AND model_call.step < ?);

-- guided_attempts(job_id, first_run, last_run)
SELECT attempt.job_id, attempt.run, attempt.step, attempt.number, attempt.state, attempt.fence, attempt.worker, attempt.started_at, attempt.ended_at, attempt.artifact, attempt.inputs, attempt.context, attempt.log, attempt.error, attempt.losses FROM attempt WHERE attempt.job_id = ? AND attempt.run BETWEEN ? AND ? AND (attempt.inputs IS NULL OR inputs LIKE '%]]%' OR state IN ('failed', 'cancelled') OR attempt.number > 1) ORDER BY attempt.run, attempt.started_at, attempt.number, attempt.step;

-- person(name)
SELECT person.name, person.role, person.added_by, person.added_at, person.removed_at FROM person WHERE person.name = ?;

-- people()
SELECT person.name, person.role, person.added_by, person.added_at, person.removed_at FROM person ORDER BY person.name;

-- token(digest)
SELECT access_token.digest, access_token.person, access_token.label, access_token.scopes, access_token.made_at, access_token.revoked_at, access_token.last_used_at FROM access_token WHERE access_token.digest = ?;

-- tokens(person)
SELECT access_token.digest, access_token.person, access_token.label, access_token.scopes, access_token.made_at, access_token.revoked_at, access_token.last_used_at FROM access_token WHERE access_token.person = ? ORDER BY access_token.made_at, access_token.digest;

-- recommendation(id)
SELECT recommendation.id, recommendation.job_id, recommendation.request, recommendation.rationale, recommendation.author, recommendation.given_at, recommendation.plan_digest, recommendation.blockers, recommendation.warnings, recommendation.estimate, recommendation.prerequisites FROM recommendation WHERE recommendation.id = ?;

-- recommendations(job_id, limit)
SELECT recommendation.id, recommendation.job_id, recommendation.request, recommendation.rationale, recommendation.author, recommendation.given_at, recommendation.plan_digest, recommendation.blockers, recommendation.warnings, recommendation.estimate, recommendation.prerequisites FROM recommendation WHERE recommendation.job_id = ? ORDER BY recommendation.given_at DESC, recommendation.id DESC LIMIT ? OFFSET 0;

-- stamp(version_num)
INSERT INTO alembic_version (version_num) VALUES (?);

-- number_events(count, job_id)
UPDATE job SET event_seq=(job.event_seq + ?) WHERE job.id = ? RETURNING event_seq;

-- insert_event(job_id, seq, at, type, run, step, data)
INSERT INTO event (job_id, seq, at, type, run, step, data) VALUES (?, ?, ?, ?, ?, ?, ?);

-- insert_job(id, workflow, source_kind, source_ref, source_folder, definition_hash, status, revision, runs, event_seq, created_at, stopped_at, replayed_from)
INSERT INTO job (id, workflow, source_kind, source_ref, source_folder, definition_hash, status, revision, runs, event_seq, created_at, stopped_at, replayed_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- update_job(workflow, source_kind, source_ref, source_folder, definition_hash, status, revision, runs, stopped_at, id, expected_revision)
UPDATE job SET workflow=?, source_kind=?, source_ref=?, source_folder=?, definition_hash=?, status=?, revision=?, runs=?, stopped_at=? WHERE job.id = ? AND job.revision = ?;

-- put_params(job_id, body)
INSERT INTO job_params (job_id, body) VALUES (?, ?) ON CONFLICT (job_id) DO UPDATE SET body = excluded.body;

-- put_definition(address, body)
INSERT INTO definition (address, body) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- insert_run(job_id, number, state, kind, request, trigger_id, plan_digest, definition_hash, params, queued_at, started_at, ended_at, error, owner, fence, cancel_requested_at, cut_off)
INSERT INTO run (job_id, number, state, kind, request, trigger_id, plan_digest, definition_hash, params, queued_at, started_at, ended_at, error, owner, fence, cancel_requested_at, cut_off) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- insert_plan(job_id, run, body)
INSERT INTO "plan" (job_id, run, body) VALUES (?, ?, ?);

-- insert_trigger(id, job_id, run, source, action, actor, reason, plan_digest, triggered_at, metadata, parent_id, recommendation_id, recommended)
INSERT INTO "trigger" (id, job_id, run, source, action, actor, reason, plan_digest, triggered_at, metadata, parent_id, recommendation_id, recommended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- update_run(state, started_at, ended_at, error, owner, fence, cut_off, job_id, number, expected_state, expected_fence)
UPDATE run SET state=?, started_at=?, ended_at=?, error=?, owner=?, fence=?, cut_off=? WHERE run.job_id = ? AND run.number = ? AND run.state = ? AND run.fence = ?;

-- request_cancel(at, job_id, number)
UPDATE run SET cancel_requested_at=coalesce(run.cancel_requested_at, ?) WHERE run.job_id = ? AND run.number = ? AND state IN ('queued', 'running', 'waiting');

-- insert_acceptance(job_id, step, run, number, basis, actor, reason, accepted_at)
INSERT INTO acceptance (job_id, step, run, number, basis, actor, reason, accepted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- begin_attempt(job_id, run, step, number, state, fence, worker, started_at, ended_at, artifact, inputs, context, log, error, losses)
INSERT INTO attempt (job_id, run, step, number, state, fence, worker, started_at, ended_at, artifact, inputs, context, log, error, losses) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- reclaim_attempt(state, fence, worker, started_at, losses, job_id, run, step, number, expected_fence)
UPDATE attempt SET state=?, fence=?, worker=?, started_at=?, losses=? WHERE attempt.job_id = ? AND attempt.run = ? AND attempt.step = ? AND attempt.number = ? AND attempt.fence = ? AND state IN ('running', 'waiting');

-- continue_attempt(state, fence, worker, started_at, losses, job_id, run, step, number, expected_fence)
UPDATE attempt SET state=?, fence=?, worker=?, started_at=?, losses=? WHERE attempt.job_id = ? AND attempt.run = ? AND attempt.step = ? AND attempt.number = ? AND attempt.fence = ? AND attempt.state = 'waiting';

-- suspend_attempt(state, inputs, context, log, job_id, run, step, number, fence)
UPDATE attempt SET state=?, inputs=?, context=?, log=? WHERE attempt.job_id = ? AND attempt.run = ? AND attempt.step = ? AND attempt.number = ? AND attempt.fence = ? AND attempt.state = 'running';

-- end_attempt(state, ended_at, artifact, inputs, context, log, error, job_id, run, step, number, fence)
UPDATE attempt SET state=?, ended_at=?, artifact=?, inputs=?, context=?, log=?, error=? WHERE attempt.job_id = ? AND attempt.run = ? AND attempt.step = ? AND attempt.number = ? AND attempt.fence = ? AND state IN ('running', 'waiting');

-- set_current(job_id, step, last_run, last_number, last_state, run, number, artifact, seq)
INSERT INTO step (job_id, step, last_run, last_number, last_state, run, number, artifact, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job_id, step) DO UPDATE SET last_run = excluded.last_run, last_number = excluded.last_number, last_state = excluded.last_state, run = excluded.run, number = excluded.number, artifact = excluded.artifact, seq = excluded.seq;

-- set_last(job_id, step, last_run, last_number, last_state, run, number, artifact, seq)
INSERT INTO step (job_id, step, last_run, last_number, last_state, run, number, artifact, seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job_id, step) DO UPDATE SET last_run = excluded.last_run, last_number = excluded.last_number, last_state = excluded.last_state, seq = excluded.seq;

-- put_artifact(hash, kind, size, body, files)
INSERT INTO artifact (hash, kind, size, body, files) VALUES (?, ?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET kind = CASE WHEN (artifact.kind = 'text' AND excluded.kind != 'text') THEN excluded.kind ELSE artifact.kind END, body = coalesce(excluded.body, artifact.body), files = coalesce(artifact.files, excluded.files), pruned_at = NULL WHERE artifact.pruned_at IS NOT NULL OR artifact.body IS NULL AND excluded.body IS NOT NULL OR artifact.kind = 'text' AND excluded.kind != 'text';

-- prune_artifact(pruned_at, hash)
UPDATE artifact SET body=NULL, pruned_at=? WHERE artifact.hash = ?;

-- put_expansion(job_id, step, over, definition, items)
INSERT INTO expansion (job_id, step, over, definition, items) VALUES (?, ?, ?, ?, ?) ON CONFLICT (job_id, step) DO UPDATE SET over = excluded.over, definition = excluded.definition, items = excluded.items;

-- put_memo(job_id, run, step, number, name, body)
INSERT INTO memo (job_id, run, step, number, name, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- put_blob(address, size)
INSERT INTO blob (address, size) VALUES (?, ?) ON CONFLICT DO NOTHING;

-- put_chunk(address, number, body)
INSERT INTO blob_chunk (address, number, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- delete_blob(address)
DELETE FROM blob WHERE blob.address = ?;

-- delete_chunks(address)
DELETE FROM blob_chunk WHERE blob_chunk.address = ?;

-- insert_question(id, job_id, run, step, number, type, kind, occurrence, fingerprint, asking, asked_at, deadline, acts, how, response, actor, answered_at, is_timed_out, reused_from, late_response, late_actor, late_at, words)
INSERT INTO question (id, job_id, run, step, number, type, kind, occurrence, fingerprint, asking, asked_at, deadline, acts, how, response, actor, answered_at, is_timed_out, reused_from, late_response, late_actor, late_at, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- decide_question(how, response, actor, answered_at, is_timed_out, reused_from, words, id)
UPDATE question SET how=?, response=?, actor=?, answered_at=?, is_timed_out=?, reused_from=?, words=? WHERE question.id = ? AND how IS NULL;

-- answer_late(late_response, late_actor, late_at, words, id)
UPDATE question SET late_response=?, late_actor=?, late_at=?, words=? WHERE question.id = ? AND question.is_timed_out = 1 AND question.late_at IS NULL;

-- insert_call(job_id, run, step, number, call, generation, purpose, tries, model, url, sections, prompt, payload, comments, state, sent_at, ended_at, reply, answered_by, finish, input_tokens, output_tokens, cached_tokens, usd, price_source, error)
INSERT INTO model_call (job_id, run, step, number, call, generation, purpose, tries, model, url, sections, prompt, payload, comments, state, sent_at, ended_at, reply, answered_by, finish, input_tokens, output_tokens, cached_tokens, usd, price_source, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- end_call(state, ended_at, reply, answered_by, finish, input_tokens, output_tokens, cached_tokens, usd, price_source, error, job_id, run, step, number, call)
UPDATE model_call SET state=?, ended_at=?, reply=?, answered_by=?, finish=?, input_tokens=?, output_tokens=?, cached_tokens=?, usd=?, price_source=?, error=? WHERE model_call.job_id = ? AND model_call.run = ? AND model_call.step = ? AND model_call.number = ? AND model_call.call = ? AND model_call.state = 'sent';

-- insert_comment(job_id, run, text, kind, steps, author, reason, given_at)
INSERT INTO comment (job_id, run, text, kind, steps, author, reason, given_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- put_setting(name, value, set_by, set_at)
INSERT INTO setting (name, value, set_by, set_at) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at;

-- delete_setting(name)
DELETE FROM setting WHERE setting.name = ?;

-- put_person(name, role, added_by, added_at, removed_at)
INSERT INTO person (name, role, added_by, added_at, removed_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET role = excluded.role, removed_at = excluded.removed_at;

-- insert_token(digest, person, label, scopes, made_at, revoked_at, last_used_at)
INSERT INTO access_token (digest, person, label, scopes, made_at, revoked_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?);

-- revoke_token(revoked_at, digest)
UPDATE access_token SET revoked_at=? WHERE access_token.digest = ? AND access_token.revoked_at IS NULL;

-- touch_token(last_used_at, digest, before)
UPDATE access_token SET last_used_at=? WHERE access_token.digest = ? AND (access_token.last_used_at IS NULL OR access_token.last_used_at <= ?);

-- insert_recommendation(id, job_id, request, rationale, author, given_at, plan_digest, blockers, warnings, estimate, prerequisites)
INSERT INTO recommendation (id, job_id, request, rationale, author, given_at, plan_digest, blockers, warnings, estimate, prerequisites) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
