"""What the program knows of each TRIPOD+AI item, and what a person has to write."""

from her2desk.reports.study import Study
from her2desk.reports.study_model import readers_sentence, summary_of_choices
from her2desk.reports.study_performance import headline_sentence
from her2desk.reports.study_words import (
    input_name,
    moment_words,
    said,
    share_text,
)
from her2desk.reports.subgroups import subgroups
from her2desk.reports.tripod_answers import Answer, calls, partition, to_write
from her2desk.reports.tripod_items import Applies, TripodItem
from her2desk.reports.tripod_results import discussion, results
from her2desk.texts import Message, listed, msg


def answer(item: TripodItem, study: Study) -> Answer:
    """What can be said of an item of this study; every item has something known or to write."""
    if study.is_external and item.applies is Applies.DEVELOPMENT:
        return Answer(
            (msg("Concerns the development; the report of the model pack's build answers it."),)
        )
    return _answers(study)[item.number]


def _answers(study: Study) -> dict[str, Answer]:
    return {
        **_opening(study),
        **_patients(study),
        **_outcome_and_predictors(study),
        **_design(study),
        **_evaluation(study),
        **_open_science(study),
        **results(study),
        **discussion(study),
    }


def _opening(study: Study) -> dict[str, Answer]:
    what = msg("External validation") if study.is_external else msg("Development and validation")
    title = msg(
        "{what} of a model that predicts the HER-2 status of breast cancer from ultrasound",
        what=said(what),
    )
    return {
        "1": to_write(msg("the title, with the target population."), title),
        "2": to_write(
            msg("background, setting, eligibility and conclusion of the structured abstract."),
            *_abstract(study),
        ),
        "3a": to_write(
            msg("the clinical context, the rationale and existing models."),
            msg("Diagnostic: the model estimates a status that is present at the examination."),
        ),
        "3b": to_write(
            msg("the target population and the intended users."),
            msg("Intended use: {use}", use=study.intended_use),
            msg("Decision: {decision}", decision=study.decision),
            moment_words(study.moment_of_prediction),
        ),
        "3c": to_write(msg("known inequalities between groups in this disease and its care.")),
        "4": to_write(
            msg("the objectives in the words of the protocol."),
            msg("Validation of the locked model pack {name} {version} in another cohort.",
                name=study.pack_name, version=study.pack_version)
            if study.is_external
            else msg("Development of a model pack and its internal validation."),
        ),
    }  # fmt: skip


def _abstract(study: Study) -> tuple[Message, ...]:
    counts = tuple(
        msg("{name}: {share} HER-2 positive.", name=said(p.name),
            share=said(share_text(p.positive, p.patients)))
        for p in study.populations
    )  # fmt: skip
    headline = headline_sentence(study)
    return (*counts, *((headline,) if headline else ()))


def _patients(study: Study) -> dict[str, Answer]:
    return {
        "5a": to_write(
            msg("the sources of the data, why these, and whom they stand for."),
            msg("Cohort: {text}; SHA-256 {hash}.", text=study.cohort_description,
                hash=study.cohort_sha256),
        ),
        "5b": to_write(msg("the dates of the first and the last patient.")),
        "6a": to_write(
            msg("the setting, and the number and the places of the centres."),
            *_centres(study),
        ),
        "6b": to_write(
            msg("the criteria by which patients were eligible."),
            msg("Patients of the cohort table that could not be used: {n}; the report lists why.",
                n=len(study.excluded)),
        ),
        "6c": to_write(msg("treatments before the examination, or that there were none.")),
        "7": to_write(
            msg("quality checks before the cohort was assembled, and whether they were alike "
                "across groups."),
            msg("Images were cropped to the outline with its margin and z-scored; features follow "
                "the locked profile of the pack."),
            *_setting(study, "profile", msg("Feature profile: {value}.")),
            *_setting(study, "enhance", msg("Images were enhanced before both: {value}.")),
            *_enhancer(study),
        ),
        "11": to_write(
            msg("why values are missing."),
            msg("A submodel serves each pattern of known inputs; a pattern with too few patients "
                "is refused. Nothing was imputed with knowledge of other folds' patients."),
        ),
    }  # fmt: skip


def _centres(study: Study) -> tuple[Message, ...]:
    if study.sites is None:
        return ()
    return (msg("Sites in the cohort table: {n}.", n=len(study.sites.sites)),)


def _setting(study: Study, name: str, template: Message) -> tuple[Message, ...]:
    value = study.settings.get(name)
    return (msg(template.msgid, value=value),) if value else ()


def _enhancer(study: Study) -> tuple[Message, ...]:
    """Whom a trained enhancement learnt from; nothing of one that was not trained."""
    patients = study.settings.get("enhancer_patients")
    if patients is None:
        return ()
    return (
        msg("The enhancement is a network trained on {patients} patients ({population}); no image of "
            "this cohort was among theirs. Its licence: {licence}.",
            patients=patients,
            population=study.settings.get("enhancer_population", ""),
            licence=study.settings.get("enhancer_licence", "")),
    )  # fmt: skip


def _outcome_and_predictors(study: Study) -> dict[str, Answer]:
    inputs = sorted({t.name for model in study.nomograms for t in model.terms})
    names = listed(input_name(name) for name in inputs)
    tried = study.selection[0].kept if study.selection else None
    agreed = readers_sentence(study)
    return {
        "8a": to_write(
            msg("when and how IHC and FISH were done, and whether alike across groups."),
            msg("HER-2 status by ASCO/CAP: IHC 0 or 1+ negative, 3+ positive, 2+ decided by FISH; "
                "or the label given in the cohort table."),
        ),
        "8b": to_write(msg("who read IHC and FISH: number, qualifications, demographics.")),
        "8c": to_write(msg("whether the pathologists were blinded to the ultrasound images.")),
        "9a": to_write(
            msg("why these clinical inputs were collected."),
            *((msg("Features of the profile as first candidates: {n}.", n=tried),)
              if tried is not None else ()),
            *((agreed,) if agreed else ()),
            *((msg("Clinical inputs as candidates: {n}.", n=len(study.association.rows)),)
              if study.association else ()),
        ),
        "9b": to_write(
            msg("how and when each input was measured, and blinding to the outcome."),
            moment_words(study.moment_of_prediction),
            *((msg("The deployed combined models use: {names}.", names=names),) if names else ()),
        ),
        "9c": to_write(msg("who drew the outlines: number, qualifications, demographics, blinding.")),
    }  # fmt: skip


def _design(study: Study) -> dict[str, Answer]:
    size = (study.sample_size.sentence(),) if study.sample_size else ()
    choices = summary_of_choices(study)
    return {
        "10": to_write(msg("how the size of the study came about."), *size),
        "12a": Answer((*partition(study), *_ledger(study))),
        "12b": Answer((
            msg("Features were z-scored within each training side. Signatures enter the combined "
                "model as out-of-fold log-odds; continuous inputs are linear in the log-odds."),
        )),
        "12c": to_write(
            msg("why these families of models."),
            msg("Selection, tuning, networks, stacking and thresholds were refitted inside every "
                "outer fold; a model that takes another's output was fitted on that output "
                "predicted out of fold."),
            *((msg("Deployed: {choices}.", choices=said(choices)),) if choices else ()),
            *((msg("Combined: {method}.", method=study.nomograms[0].method),)
              if study.nomograms else ()),
            *study.fallbacks,
        ),
        "15": Answer((
            msg("A predicted probability of HER-2 positive with a 95 % interval, and a call at a "
                "named threshold."),
            *calls(study),
        )),
        "13": to_write(
            msg("anything done about class imbalance outside this program."),
            msg("No synthetic oversampling; thresholds and calibration were worked out at the "
                "cohort's own share of positives."),
        ),
        "14": to_write(
            msg("the approach to fairness."),
            *((msg("Performance was looked at by subgroup."),) if subgroups(study) else ()),
        ),
    }  # fmt: skip


def _ledger(study: Study) -> tuple[Message, ...]:
    if study.ledger is None:
        return ()
    return (
        msg(
            "Held-out opened {opened} times, {builds} builds on this cohort.",
            opened=study.ledger.held_out_opened,
            builds=study.ledger.builds,
        ),
    )


def _evaluation(study: Study) -> dict[str, Answer]:
    sites = (
        (msg("Each site was left out in turn; AUCs within sites were pooled by random effects, "
             "with a prediction interval for another site."),)
        if study.sites else ()
    )  # fmt: skip
    return {
        "12d": to_write(msg("further clusters, such as readers."), *sites),
        "12e": Answer((
            msg("AUC (Mann–Whitney) with logit DeLong intervals; cross-validated: the mean of "
                "within-fold AUCs with an approximate Nadeau–Bengio interval. Paired DeLong tests "
                "in unseen patients."),
            msg("Calibration intercept and slope, Brier score, groups with Wilson intervals; a "
                "smooth curve from 100 patients of either class."),
            msg("Sensitivity and specificity with Wilson intervals at thresholds chosen without "
                "the patients judged."),
            *((msg("Net benefit for threshold probabilities of {lower}–{upper}.",
                   lower=f"{study.decision_range[0]:g}", upper=f"{study.decision_range[1]:g}"),)
              if study.decision_range else ()),
            *((msg("A model of scanner, site, spacing, crop size and callipers alone shows what the "
                   "making of the images tells."),) if study.acquisition else ()),
        )),
        "12f": Answer((msg("The model was not updated in this evaluation."),)),
        "12g": Answer((
            msg("By the model pack {name} {version}, SHA-256 {digest}, run by the program itself.",
                name=study.pack_name, version=study.pack_version, digest=study.pack_digest)
            if study.is_external
            else msg("By the fitted pipelines themselves; the deployed one is the model pack "
                     "{name} {version}, SHA-256 {digest}.",
                     name=study.pack_name, version=study.pack_version, digest=study.pack_digest),
        )),
        "16": to_write(
            msg("differences in setting, eligibility, outcome and predictors."),
            *(() if study.is_external
              else (msg("Held-out patients, if any, come from the same cohort table."),)),
        ),
    }  # fmt: skip


def _open_science(study: Study) -> dict[str, Answer]:
    versions = ", ".join(f"{name} {study.versions[name]}" for name in sorted(study.versions))
    return {
        "17": to_write(msg("the ethics committee, its number, and consent or its waiver.")),
        "18a": to_write(msg("funding and the role of the funders.")),
        "18b": to_write(msg("conflicts of interest of all authors.")),
        "18c": to_write(msg("where the protocol is, or that none was prepared.")),
        "18d": to_write(msg("the register and the number, or that the study was not registered.")),
        "18e": to_write(msg("whether and how the data can be had.")),
        "18f": to_write(
            msg("where the analytical code and the model pack can be had."),
            msg("Her2Desk, Apache-2.0; seed {seed}.", seed=study.seed),
            *((msg("Versions: {versions}.", versions=versions),) if versions else ()),
        ),
        "19": to_write(msg("involvement of patients and the public, or that there was none.")),
    }
