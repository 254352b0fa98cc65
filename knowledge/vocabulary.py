from knowledge.questions import PilotVocabulary, lesson

__all__ = ["PilotVocabulary", "lesson"]
