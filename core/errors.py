"""The exception tree. A page shows the message of any of these to a person, and of nothing else.

Each message is one or two plain sentences: what was given, what is allowed, what to do instead.

AttendomeError
    TextError                 a text that cannot be shown to a model
        EmptyTextError
        TextTooLongError      carries the part that fits: `kept_text`, `tokens`, `limit`
    ModelUnavailableError     a model that cannot be had now
        UnknownModelError     the name is not one that a person may ask for
        ModelNotDownloadedError   allow-listed on the hub, not on this machine yet
        ModelFilesError       files are missing, truncated, corrupted or of a kind we refuse
        OfflineError          the hub cannot be reached
    ModelOutputError          a model gave numbers that are not finite
    DeviceMemoryError         the work needs more memory than there is
    TooLongError              work that would run for longer than is begun here
    JobCancelledError         a person stopped the work
    JobError                  a job that cannot be queued or resumed
    SelectionError            a layer, head, track or kind of attention that the model does not have
    SettingsError             an environment variable that cannot be used
    CorpusError               the training corpus is missing or is not the expected file
    SimulationError           a simulated genome that cannot be made as it was asked for
    InvalidLocusError         a place on a genome that cannot be read, or that lies outside its chromosome
        InvalidVariantError       a variant that cannot be read
        UnknownGeneError          no gene of that name in the annotation; carries `nearest`
    SequenceError             letters that are no DNA, or a one-hot array that is none
    ReferenceMismatchError    the genome has another base than a variant says; carries `found`
    VariantFileError          a list of variants that cannot be read
    AnnotationError           a file of genes or regions that cannot be read
    SignalError               a file of measured signal that cannot be read, or that is of another genome
    MotifDatabaseError        the known motifs cannot be had, or are of another release
    TrackTableError           the names of a model's tracks cannot be had or read
        TrackTableOfflineError    their server cannot be reached
    GenomeUnavailableError    a genome that cannot be had now
        UnknownGenomeError        the name is neither a known genome nor a file
        GenomeFileError           the FASTA or its index is missing, damaged, changed or of a kind that is refused
        GenomeOfflineError        the server of the genome cannot be reached, or does not keep to what it announced
"""

from __future__ import annotations


class AttendomeError(Exception):
    """Anything that a page may show to a person as one sentence."""


class TextError(AttendomeError):
    """A text that cannot be shown to a model."""


class EmptyTextError(TextError):
    """No text, or nothing but spaces."""


class TextTooLongError(TextError):
    """More tokens than the model can read; `kept_text` is the longest beginning that fits."""

    def __init__(self, message: str, *, kept_text: str, tokens: int, limit: int) -> None:
        super().__init__(message)
        self.kept_text = kept_text
        self.tokens = tokens
        self.limit = limit


class ModelUnavailableError(AttendomeError):
    """A model that cannot be had now."""


class UnknownModelError(ModelUnavailableError):
    """The name is not one that a person may ask for."""


class ModelNotDownloadedError(ModelUnavailableError):
    """An allow-listed model that is not on this machine yet."""


class ModelFilesError(ModelUnavailableError):
    """Model files are missing, truncated, corrupted or of a kind that is refused."""


class OfflineError(ModelUnavailableError):
    """The hub cannot be reached."""


class ModelOutputError(AttendomeError):
    """A model gave numbers that are not finite."""


class DeviceMemoryError(AttendomeError):
    """The work needs more memory than the device has free."""


class TooLongError(AttendomeError):
    """Work that would run for longer than is begun here."""


class JobCancelledError(AttendomeError):
    """A person stopped the work."""


class JobError(AttendomeError):
    """A job that cannot be queued or resumed."""


class SelectionError(AttendomeError):
    """A layer, a head, a track or a kind of attention that the model does not have."""


class SettingsError(AttendomeError):
    """An environment variable that cannot be used as given."""


class CorpusError(AttendomeError):
    """The training corpus is missing or is not the expected file."""


class SimulationError(AttendomeError):
    """A simulated genome that cannot be made from this seed, of this size, or with these numbers."""


class InvalidLocusError(AttendomeError):
    """A place on a genome that cannot be read, or that lies outside its chromosome."""


class InvalidVariantError(InvalidLocusError):
    """A variant that cannot be read."""


class UnknownGeneError(InvalidLocusError):
    """No gene of that name in the annotation; `nearest` are names that look like it."""

    def __init__(self, message: str, *, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.nearest = nearest


class SequenceError(AttendomeError):
    """Letters that are no DNA, or a one-hot array that is none."""


class ReferenceMismatchError(AttendomeError):
    """The genome has another base than the variant says; `found` is what it has, `offer` what was probably meant."""

    def __init__(self, message: str, *, found: str, offer: object = None) -> None:
        super().__init__(message)
        self.found = found
        self.offer = offer


class VariantFileError(AttendomeError):
    """A list of variants that cannot be read."""


class AnnotationError(AttendomeError):
    """A file of genes or regions that cannot be read."""


class SignalError(AttendomeError):
    """A file of measured signal that cannot be read, or that is of another genome."""


class MotifDatabaseError(AttendomeError):
    """The known motifs are missing, damaged or of another release, or cannot be compared with here."""


class TrackTableError(AttendomeError):
    """The names of a model's tracks cannot be had or read."""


class TrackTableOfflineError(TrackTableError):
    """The server of the names of the tracks cannot be reached."""


class GenomeUnavailableError(AttendomeError):
    """A genome that cannot be had now."""


class UnknownGenomeError(GenomeUnavailableError):
    """The name is neither a known genome nor a file."""


class GenomeFileError(GenomeUnavailableError):
    """The FASTA or its index is missing, damaged, changed since it was opened, or of a kind that is refused."""


class GenomeOfflineError(GenomeUnavailableError):
    """The server of the genome cannot be reached, or does not keep to what it announced."""
